import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatFault } from '../../declarations/placed-fault.ts'
import { judge } from '../../policies/gates/judge.ts'
import { parsePolicy } from '../../policies/language/parse-policy.ts'
import { answersOf } from '../../policies/measures/measure.ts'
import type { ClassPredictions } from '../../policies/predictions/predictions.ts'
import { createRandom } from '../../policies/statistics/random.ts'
import type { CaseToJudge } from '../case-to-judge.ts'
import { judgeInThread } from './judge-in-thread.ts'

const policyOf = (gates: string) => {
  const parsed = parsePolicy(`version: 1\nmodel: m\nresamples: 200\ngates:\n${gates}`, 'p.yaml')
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  return parsed.value
}

const stated = { metrics: {}, perClass: {}, confusion: null }
const bare: CaseToJudge = {
  candidate: { evidence: stated, predictions: null },
  references: {},
  facts: { change: {}, candidate: {} },
  approvals: [],
  author: 'grower',
}

const answering = (rows: number, seed: number): ClassPredictions => {
  const random = createRandom(seed)
  const scores = new Float64Array(rows * 3)
  const truth = new Int32Array(rows)
  const predicted = new Int32Array(rows)
  for (let i = 0; i < rows; i++) {
    const [a, b, c] = [random.uniform(), random.uniform(), random.uniform()]
    scores.set([a / (a + b + c), b / (a + b + c), c / (a + b + c)], 3 * i)
    predicted[i] = a > b ? (a > c ? 0 : 2) : b > c ? 1 : 2
    truth[i] = random.uniform() < 0.7 ? (predicted[i] as number) : Math.floor(3 * random.uniform())
  }
  const codes = Int32Array.from({ length: rows }, (_, i) => i % 2)
  const columns = { region: { values: ['north', 'south'], codes } }
  return { kind: 'classification', rows, ids: null, columns, classes: ['a', 'b', 'c'], truth, predicted, scores }
}

it('gives the judgement of judge(), bit for bit', async () => {
  const policy = policyOf(
    `  f1: {metric: macroF1, atLeast: 0.6, confidence: 0.9}
  auc: {metric: auRoc, atLeast: 0.7, confidence: 0.95, slices: region}
  each: {metric: recall, each: kind, atLeast: 0.5}
  better: {metric: logLoss, against: champion, atMost: 0.05, confidence: 0.9}
  beats: {metric: accuracy, against: baseline, atLeast: 0.05}
  own: {check: "metrics.accuracy > 0.5 && classes.a.recall > 0.1 && champion.accuracy < 1.0"}
`,
  )
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 400 }), fc.nat(1e6), fc.boolean(), async (rows, seed, handOver) => {
      const [first, second] = [answering(rows, seed), answering(rows, seed + 1)]
      const other = { ...second, truth: first.truth }
      const known = (predictions: ClassPredictions) => ({ evidence: stated, predictions: structuredClone(predictions) })
      const judged = await judgeInThread(
        policy,
        { ...bare, candidate: known(first), references: { champion: { kind: 'known', ...known(other) } } },
        { handOver },
      )
      const inline = judge(policy, {
        candidate: { evidence: stated, answers: answersOf(first) },
        references: { champion: { kind: 'known', evidence: stated, answers: answersOf(other) } },
        checks: judged.checks,
        approvals: [],
        author: 'grower',
      })
      expect(judged.judgement).toEqual(inline)
      expect(judged.checks['own']?.ok).toBe(true)
    }),
    { numRuns: 8 },
  )
})

it('kills a check that takes too long, says so, and goes on with the others', async () => {
  const policy = policyOf(
    `  long: {check: "change.files.all(f, f.size() >= 0 && f.contains('e') && !f.endsWith('x'))"}
  short: {check: "metrics.accuracy >= 0.5"}
`,
  )
  const files = Array.from({ length: 300_000 }, (_, i) => `file-${i}`)
  const { judgement, checks } = await judgeInThread(
    policy,
    {
      ...bare,
      candidate: { evidence: { ...stated, metrics: { accuracy: 0.9 } }, predictions: null },
      facts: { change: { files }, candidate: {} },
    },
    // Hundreds of thousands of steps take longer than that on any machine; the other may take as long as it likes to begin.
    { checkBudget: 10 },
  )
  expect(checks['long']).toEqual({ ok: false, reason: 'it took longer than 0.01 s' })
  expect(judgement).toMatchObject({ outcome: 'inconclusive' })
  expect(judgement.reason).toContain('cannot be evaluated: it took longer than 0.01 s')
})

it('says why a check cannot be evaluated', async () => {
  const { judgement } = await judgeInThread(policyOf('  rows: {check: "data.rows >= 1000"}\n'), bare)
  expect(judgement).toMatchObject({ outcome: 'inconclusive' })
  expect(judgement.reason).toContain('rows')
})

it('reads tables in the thread, and hands on what is wrong with them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-judging-'))
  try {
    const path = join(folder, 'p.csv')
    const table: CaseToJudge = {
      ...bare,
      candidate: { evidence: stated, predictions: { path, label: null, name: 'p.csv' } },
    }
    const policy = policyOf('  good: {metric: accuracy, atLeast: 0.6}\n')
    await writeFile(path, 'label,predicted\na,a\nb,b\nb,a\n')
    expect((await judgeInThread(policy, table)).judgement).toMatchObject({ outcome: 'pass' })
    await writeFile(path, 'label,predicted\na,\n')
    await expect(judgeInThread(policy, table)).rejects.toMatchObject({
      code: 'predictions_invalid',
      message: 'p.csv:2: predicted: expected a class or a number, got nothing',
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('ends when it is told to', async () => {
  const stop = new AbortController()
  const judging = judgeInThread(policyOf('  good: {metric: accuracy, atLeast: 0.6}\n'), bare, { signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(judging).rejects.toThrow('enough')
})
