import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { translateErrors } from '../../src/api/http-errors.ts'
import { verdictsApi } from '../../src/api/verdicts.ts'
import { type Digest, digestBytes, digestJson } from '../../src/domain/digest.ts'
import type { ModelVersion } from '../../src/domain/evidence.ts'
import type { Json } from '../../src/domain/json.ts'
import type { JudgedInputs, Receipt } from '../../src/domain/verdict.ts'
import { keepPredictions, readKept } from '../../src/judging/answers/keep-predictions.ts'
import { judgeInThread } from '../../src/judging/threads/judge-in-thread.ts'
import { createLog } from '../../src/log.ts'
import { parsePolicy } from '../../src/policies/language/parse-policy.ts'
import type { ClassPredictions } from '../../src/policies/predictions/predictions.ts'
import { createRandom } from '../../src/policies/statistics/random.ts'
import { explainReceipt } from '../../src/policies/verdicts/explain.ts'
import { inputsDigest, makeReceipt } from '../../src/policies/verdicts/receipt.ts'
import { version } from '../../src/version.ts'
import { winnow } from '../cli/winnow.ts'
import { createFakeStore } from '../fakes/fake-store.ts'
import { someCandidate, someRun } from '../fakes/rows.ts'

const policyText = `version: 1
model: beans
use: [policies/shared.yaml]
gates:
  good enough: {metric: accuracy, atLeast: 0.85}
  beats champion: {metric: macroF1, against: champion, atLeast: -0.02, confidence: 0.9}
  north and south: {metric: accuracy, slices: region, atLeast: 0.8, minExamples: 20}
  enough rows: {check: "data.rows >= 100 && change.kind == 'commit'"}
`
const sharedText = 'version: 1\ngates:\n  calibrated: {metric: logLoss, atMost: 0.9}\n'

const answers = (right: number, seed: number): ClassPredictions => {
  const rows = 400
  const random = createRandom(seed)
  const truth = Int32Array.from({ length: rows }, (_, i) => i % 3)
  const predicted = truth.map((of) => (random.uniform() < right ? of : random.below(3)))
  const scores = new Float64Array(rows * 3).fill(0.15)
  for (let i = 0; i < rows; i++) scores[i * 3 + (predicted[i] as number)] = 0.7
  const region = { values: ['north', 'south'], codes: truth.map((_, i) => i % 2) }
  const classes = ['BOMBAY', 'CALI', 'SIRA']
  return { kind: 'classification', rows, ids: null, columns: { region }, classes, truth, predicted, scores }
}

let folder: string
let evidence: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-receipts-'))
  evidence = join(folder, 'receipts', 'verdict-evidence')
  await mkdir(join(folder, 'receipts'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A verdict as a controller makes it, with the evidence that it keeps. */
const judgedRun = async (run: number, right: number, at: number): Promise<Receipt> => {
  const files = new Map([['policies/shared.yaml', sharedText]])
  const parsed = parsePolicy(policyText, 'policies/beans.yaml', { files })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  const policy = parsed.value
  const [own, champion] = [answers(right, run), answers(0.9, 99)]
  const stated = { metrics: { 'data.rows': 4000, accuracy: 0.1 }, perClass: {}, confusion: null }
  const facts = { change: { kind: 'commit' }, candidate: {} }
  const nothing = { metrics: {}, perClass: {}, confusion: null }
  const judged = await judgeInThread(policy, {
    candidate: { evidence: stated, predictions: own },
    references: { champion: { kind: 'known', evidence: nothing, predictions: champion } },
    ...{ facts, approvals: [], author: 'grower' },
  })
  const live: ModelVersion = { ...someCandidate, version: '7', displayName: 'beans' }
  const keep = async (predictions: ClassPredictions, uri: string) => ({
    ...(await keepPredictions(evidence, predictions)),
    uri,
  })
  const text = (path: string, content: string) => ({ path, digest: digestBytes(content), text: content })
  return makeReceipt({
    judgement: judged.judgement,
    policy: { path: 'policies/beans.yaml', digest: digestBytes(policyText), commit: 'a'.repeat(40) },
    candidate: someCandidate,
    evidence: { ...stated, sources: [], digest: digestJson(stated as unknown as Json) },
    irDigest: digestBytes('ir'),
    manifestDigest: digestBytes('manifest'),
    winnow: version,
    inputs: {
      ...{ at, run, model: 'beans', commit: 'b'.repeat(40) },
      policy: [text('policies/beans.yaml', policyText), text('policies/shared.yaml', sharedText)],
      ...{ seed: policy.seed, resamples: policy.resamples },
      predictions: await keep(own, `file:///runs/${run}/predictions.csv`),
      references: {
        champion: {
          ...{ kind: 'known', version: live, evidence: nothing },
          predictions: await keep(champion, 'file:///batch/champion.jsonl'),
        },
      },
      ...{ facts, checkFacts: null, checks: judged.checks, approvals: [], author: 'grower' },
      ...{ withoutPolicy: null, withoutCandidate: null },
    },
  })
}

const write = async (file: string, value: unknown): Promise<string> => {
  const path = join(folder, file)
  await writeFile(path, JSON.stringify(value))
  return path
}

/** As `winnow explain RUN --json` prints it. */
const explained = (receipt: Receipt, id: number, more: object = {}) => ({
  run: receipt.judged?.run,
  state: 'succeeded',
  verdict: { id, state: receipt.outcome, receipt },
  releases: [],
  ...more,
})

let good: Receipt
let bad: Receipt
beforeAll(async () => {
  good = await judgedRun(1, 0.97, Date.UTC(2026, 2, 1))
  bad = await judgedRun(2, 0.6, Date.UTC(2026, 3, 1))
  await write('receipts/1.json', explained(good, 11, { live: { metrics: { accuracy: 0.5, rmse: 1 } } }))
  await write('receipts/2.json', explained(bad, 12))
})

describe('winnow policy reproduce', () => {
  it('gives the same verdict again, bit for bit', async () => {
    expect([good.outcome, bad.outcome]).toEqual(['pass', 'fail'])
    for (const [file, words] of [
      ['1.json', /^the same: verdict 11 on run 1 of 2026-03-01T00:00:00\.000Z is pass again, bit for bit/],
      ['2.json', /^the same: verdict 12 on run 2 of 2026-04-01T00:00:00\.000Z is fail again, bit for bit/],
    ] as const) {
      const { code, stdout, stderr } = await winnow(['policy', 'reproduce', join(folder, 'receipts', file)])
      expect(stderr).toBe('')
      expect(stdout).toMatch(words)
      expect(stdout).toMatch(/policy {6}policies\/shared\.yaml/)
      expect(stdout).toMatch(/predictions 400 of candidate/)
      expect(code).toBe(0)
    }
  })

  it('says what differs where the outcome was changed afterwards', async () => {
    const gates = bad.gates.map((gate) => (gate.gate === 'good enough' ? { ...gate, outcome: 'pass' } : gate))
    const file = await write('forged.json', { ...bad, outcome: 'pass', gates })
    const { code, stdout } = await winnow(['policy', 'reproduce', file, '--evidence', evidence, '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      result: 'different',
      outcome: 'fail',
      differences: [expect.stringMatching(/^good enough was pass .* and is fail/)],
    })
  })

  it.each<[string, (receipt: Receipt) => unknown, RegExp]>([
    ['another seed', (receipt) => withJudged(receipt, { seed: 2 }), /inputs are not those that were judged/],
    ['a looser policy', looser, /inputs are not those that were judged/],
    [
      'a looser policy that was sealed again',
      (receipt) => {
        const changed = looser(receipt)
        const { digest: _, ...inputs } = changed.judged as JudgedInputs
        return { ...changed, judged: { ...inputs, digest: inputsDigest(changed, inputs) } }
      },
      /the text of policies\/beans\.yaml is not that of/,
    ],
    [
      'another number',
      (receipt) => ({ ...receipt, evidence: { ...receipt.evidence, metrics: { accuracy: 1 } } }),
      /inputs are not those that were judged/,
    ],
    ['an old receipt', ({ judged: _, ...receipt }) => receipt, /an old one, which holds no inputs/],
    ['no receipt', () => ({ gates: 3 }), /holds no receipt/],
  ])('cannot judge %s again: exit code 2', async (name, change, words) => {
    const file = await write(`${name}.json`, change(good))
    const { code, stdout, stderr } = await winnow(['policy', 'reproduce', file, '--evidence', evidence])
    expect(`${stdout}${stderr}`).toMatch(words)
    expect(code).toBe(2)
  })

  it('says that evidence is gone, or is not what it was', async () => {
    const file = join(folder, 'receipts', '1.json')
    const empty = join(folder, 'empty')
    const gone = await winnow(['policy', 'reproduce', file, '--evidence', empty])
    expect(gone).toMatchObject({ code: 2, stdout: expect.stringMatching(/evidence is gone: .*400 examples of file:/) })
    const swapped = join(folder, 'swapped')
    await cp(evidence, swapped, { recursive: true })
    const [first = '', ...others] = await readdir(swapped)
    for (const name of others) await cp(join(swapped, first), join(swapped, name), { force: true })
    const other = await winnow(['policy', 'reproduce', file, '--evidence', swapped])
    expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/are not those any more/) })
  })
})

const withJudged = (receipt: Receipt, over: Partial<JudgedInputs>): Receipt => ({
  ...receipt,
  judged: { ...(receipt.judged as JudgedInputs), ...over },
})
const looser = (receipt: Receipt): Receipt => {
  const policy = receipt.judged?.policy.map((one) => ({ ...one, text: one.text.replace('0.85', '0.05') })) ?? []
  return withJudged(receipt, { policy })
}

it('explains what a verdict was made of, with or without its inputs', () => {
  const text = explainReceipt(good).join('\n')
  expect(text).toMatch(/^gate set +policies\/shared\.yaml \([0-9a-f]{16}\)$/m)
  expect(text).toMatch(/^predictions +400 examples of file:\/\/\/runs\/1\/predictions\.csv \([0-9a-f]{16}\)$/m)
  expect(text).toMatch(/^champion +beans version 7 \([0-9a-f]{16}\), 400 examples of file:/m)
  expect(text).toMatch(/^judged +2026-03-01T00:00:00\.000Z by Winnow .*, seed 1, 2000 resamples/m)
  const { judged: _, ...old } = good
  expect(explainReceipt(old).join('\n')).toMatch(/^made of +pipeline [0-9a-f]{16}, data [0-9a-f]{16}$/m)
})

describe('over the API of a controller', () => {
  const server = Fastify({ logger: false, forceCloseConnections: true })
  const env: Record<string, string> = { WINNOW_TOKEN: 'a-token-of-nobody-at-all' }
  beforeAll(async () => {
    const { store } = createFakeStore()
    await store.transaction(async (tx) => {
      for (const receipt of [good, bad]) {
        const run = await tx.insert('run', someRun())
        const row = { run: run.id, state: receipt.outcome, receipt, createdAt: 0, judgedAt: receipt.judged?.at ?? 0 }
        await tx.insert('verdict', row)
      }
      await tx.insert('verdict', { run: 1, state: 'pending', receipt: null, createdAt: 0, judgedAt: null })
    })
    server.setValidatorCompiler(validatorCompiler)
    server.setSerializerCompiler(serializerCompiler)
    translateErrors(server, createLog('silent'))
    const nothingLive = async () => ({ ok: false, reason: 'nothing serves' }) as const
    const keptPredictions = (digest: Digest) => readKept(evidence, digest)
    await server.register(verdictsApi({ store, keptPredictions, targets: new Map(), liveFigures: nothingLive }), {
      prefix: '/api/v1',
    })
    env['WINNOW_URL'] = await server.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(() => server.close())

  const verdicts = async () => {
    const response = await fetch(`${env['WINNOW_URL']}/api/v1/verdicts`)
    return ((await response.json()) as { verdicts: { id: number; state: string; model: string }[] }).verdicts
  }

  it('a verdict is judged again with the predictions that the controller keeps', async () => {
    const listed = await verdicts()
    expect(listed.map(({ state, model }) => [state, model]).sort()).toEqual([
      ['fail', 'beans'],
      ['pass', 'beans'],
      ['pending', expect.anything()],
    ])
    const passed = listed.find(({ state }) => state === 'pass')
    const { code, stdout } = await winnow(['policy', 'reproduce', String(passed?.id)], env)
    expect(stdout).toMatch(/is pass again, bit for bit/)
    expect(code).toBe(0)
    const pending = listed.find(({ state }) => state === 'pending')
    expect(await winnow(['policy', 'reproduce', String(pending?.id)], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has not been given yet'),
    })
  })

  it('a changed policy judges what was kept', async () => {
    const policy = join(folder, 'changed.yaml')
    await writeFile(policy, 'version: 1\nmodel: beans\ngates:\n  each: {metric: recall, each: Class, atLeast: 0.5}\n')
    const { code, stdout } = await winnow(['policy', 'backtest', policy, '--json'], env)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ summary: { verdicts: 2, gone: 0, wouldHaveShipped: { count: 1 } } })
  })

  it.each([
    ['/verdict-evidence/sha256:beef', 400],
    [`/verdict-evidence/${digestBytes('nothing')}`, 404],
    ['/verdicts/99', 404],
    ['/verdicts/..%2f..', 400],
  ])('%s is answered with %i', async (path, status) => {
    const response = await fetch(`${env['WINNOW_URL']}/api/v1${path}`)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String) } })
  })
})

describe('winnow policy backtest', () => {
  const backtest = async (name: string, gates: string, more: readonly string[] = []) => {
    const policy = join(folder, `${name}.yaml`)
    await writeFile(policy, `version: 1\nmodel: beans\ngates:\n${gates}`)
    const args = ['policy', 'backtest', policy, '--receipts', join(folder, 'receipts'), ...more]
    return winnow(args)
  }

  it('tells what would have shipped, what not, since when, gate by gate', async () => {
    const { code, stdout } = await backtest('loose', '  good enough: {metric: accuracy, atLeast: 0.5}\n')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^11 +1 +2026-03-01 00:00 +pass +pass +accuracy -0\.\d{3} /m)
    expect(stdout).toMatch(/^12 +2 +2026-04-01 00:00 +fail +pass +no live measurement +.*good enough: fail → pass/m)
    expect(stdout).toMatch(/would have shipped, and did not: 1, since 2026-04-01 00:00/)
    expect(stdout).toMatch(/shipped, and would not have: 0$/m)
  })

  it('for a program too, and only since a date', async () => {
    const { stdout } = await backtest('strict', '  best: {metric: accuracy, atLeast: 0.999}\n', [
      ...['--since', '2026-02-01', '--json'],
    ])
    const told = JSON.parse(stdout)
    expect(told.verdicts).toMatchObject([
      { verdict: 11, was: 'pass', wouldBe: 'fail', live: [{ metric: 'accuracy', live: 0.5 }] },
      { verdict: 12, was: 'fail', wouldBe: 'fail', live: null },
    ])
    expect(told.verdicts[0].gates).toContainEqual(expect.objectContaining({ gate: 'best', was: null, wouldBe: 'fail' }))
    expect(told.summary).toMatchObject({
      verdicts: 2,
      wouldNotHaveShipped: { count: 1, since: Date.UTC(2026, 2, 1) },
      wouldHaveShipped: { count: 0, since: null },
    })
    const later = await backtest('strict', '  best: {metric: accuracy, atLeast: 0.999}\n', [
      ...['--since', '2026-03-15', '--json'],
    ])
    expect(JSON.parse(later.stdout).verdicts).toMatchObject([{ verdict: 12 }])
  })

  it('guesses nothing: what nobody looked for then, and what is gone', async () => {
    const unknown = await backtest(
      'asks more',
      '  good enough: {metric: accuracy, atLeast: 0.8}\n  fast: {metric: latency.p99, atMost: 50ms}\n',
      ['--json'],
    )
    expect(JSON.parse(unknown.stdout)).toMatchObject({
      verdicts: [
        { wouldBe: 'unknown', reason: 'it cannot be told without fast' },
        { wouldBe: 'fail', was: 'fail' },
      ],
      summary: { unknown: 1, same: 1 },
    })
    const gates = '  good enough: {metric: accuracy, atLeast: 0.8}\n'
    const gone = await backtest('gone', gates, ['--json', '--evidence', join(folder, 'empty')])
    expect(JSON.parse(gone.stdout)).toMatchObject({
      verdicts: [{ wouldBe: 'gone' }, { wouldBe: 'gone' }],
      summary: { gone: 2, same: 0, wouldHaveShipped: { count: 0 }, wouldNotHaveShipped: { count: 0 } },
    })
  })

  it.each([
    [['--since', 'yesterday'], /--since is no date/],
    [['--receipts', 'none'], /none cannot be read: there is no such file/],
  ])('cannot be told with %j: exit code 2', async (more, words) => {
    const { code, stderr } = await backtest('loose', '  good enough: {metric: accuracy, atLeast: 0.5}\n', more)
    expect(code).toBe(2)
    expect(stderr).toMatch(words)
  })
})
