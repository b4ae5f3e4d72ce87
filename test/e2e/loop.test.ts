import { createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { git } from '../hosts/git-repositories.ts'
import { until } from './controller.ts'
import { openSite, repository, type Site, winnow } from './site.ts'
import { describeStores, embeddedStores } from './stores.ts'

const environmentTimeout = 600_000

/** What the controller answers to a delivery, by default with the signature that belongs to it. */
const deliver = async (
  site: Site,
  body: string,
  signed = body,
): Promise<{ status: number; change: number; duplicate: boolean }> => {
  const signature = `sha256=${createHmac('sha256', site.secret).update(signed).digest('hex')}`
  const headers = { 'content-type': 'application/json', 'x-winnow-signature-256': signature }
  const response = await fetch(`${site.url}/webhooks/git`, { method: 'POST', headers, body })
  return { status: response.status, ...((await response.json()) as { change: number; duplicate: boolean }) }
}

/** Pushes what was committed: one change, acknowledged, with its outcome. */
const pushed = async (site: Site) => {
  const acknowledged = await site.push()
  expect(acknowledged).toHaveLength(1)
  return site.ended(acknowledged[0] as number)
}

/** Pushes, and follows the one run that the change started to where nothing more happens to it. */
const pushedRun = async (site: Site) => {
  const { change, runs } = await pushed(site)
  expect(change).toMatchObject({ state: 'started', faults: [] })
  expect(runs).toHaveLength(1)
  return site.settledRun(runs[0] as number)
}

// One story in the order in which it is told: each part goes on where the one before it ended.
describeStores('the loop', 11, (openStores) => {
  let site: Site
  /** Changes that were acknowledged to whoever brought them. */
  let acknowledged = 0
  beforeAll(async () => {
    site = await openSite(await openStores())
    await site.start()
  })
  afterAll(() => site?.close())

  /** The deployed model that has all traffic. */
  const champion = async (): Promise<string> => {
    const endpoint = await site.endpoint('numbers')
    expect(endpoint.deployed).toHaveLength(1)
    const [deployed] = endpoint.deployed
    expect(endpoint.split).toEqual({ [deployed?.id as string]: 100 })
    return deployed?.id as string
  }
  const answer = async (): Promise<number> => (await site.predict<{ value: number }>('numbers', { x: 10 })).value

  it('delivers what is pushed: run, verdict, release, prediction', async () => {
    await site.commitNumbers(2, 0.95)
    const { run, verdict, releases } = await pushedRun(site)
    acknowledged += 1
    expect(run).toMatchObject({ state: 'succeeded', pipeline: 'numbers', attempt: 1, manifest: [] })
    expect(run.tasks).toMatchObject([{ name: 'train', state: 'succeeded' }])
    expect(verdict).toMatchObject({ state: 'pass', receipt: { candidate: { artifactUri: expect.any(String) } } })
    expect(releases).toMatchObject([{ state: 'live', environment: 'dev', endpointName: 'numbers' }])
    expect(await answer()).toBe(20)
    expect(await winnow(site, 'predict', 'numbers', '[{"x": 4}]')).toContain('8')
    const { tasks } = await site.call<{ tasks: { task: string; text: string }[] }>(`/runs/${run.id}/log`)
    expect(tasks).toMatchObject([{ task: 'train', text: expect.stringContaining('a model that answers 2 times x') }])
  })

  it('ignores a push that touches no pipeline', async () => {
    await site.commit({ 'README.md': 'Numbers.\n' })
    const { change, runs } = await pushed(site)
    acknowledged += 1
    expect(change.state).toBe('ignored')
    expect(change.reason).toMatch(/numbers/)
    expect(runs).toEqual([])
  })

  it('keeps the champion where the policy refuses, and says which gate did', async () => {
    const before = await champion()
    await site.commitNumbers(3, 0.5)
    const { run, verdict, releases } = await pushedRun(site)
    acknowledged += 1
    expect(run.state).toBe('succeeded')
    expect(releases).toEqual([])
    const limit = { kind: 'atLeast', value: 0.9 }
    const checks = [{ metric: 'accuracy', of: null, value: 0.5, limit, outcome: 'fail' }]
    expect(verdict).toMatchObject({
      state: 'fail',
      receipt: { outcome: 'fail', gates: [{ gate: 'good enough', outcome: 'fail', checks }] },
    })
    expect(await champion()).toBe(before)
    expect(await answer()).toBe(20)
    const explained = await winnow(site, 'explain', String(run.id))
    expect(explained).toMatch(/FAILED\s+good enough\s+accuracy\s+0\.5/)
    expect(explained).toContain(`winnow policy reproduce ${verdict?.id}`)
    const again = await winnow(site, 'policy', 'reproduce', String(verdict?.id))
    expect(again).toMatch(/^the same: verdict \d+ on run \d+ of .* is fail again, bit for bit/)
  })

  it('says what a looser policy would have shipped', async () => {
    const policy = join(await mkdtemp(join(tmpdir(), 'winnow-backtest-')), 'looser.yaml')
    await writeFile(policy, 'version: 1\nmodel: numbers\ngates:\n  any: {metric: accuracy, atLeast: 0.4}\n')
    const told = JSON.parse(await winnow(site, 'policy', 'backtest', policy, '--json'))
    expect(told.verdicts).toMatchObject([
      // It serves and was asked, and nobody has said what the right answers are.
      { was: 'pass', wouldBe: 'pass', live: [] },
      { was: 'fail', wouldBe: 'pass', live: null },
    ])
    expect(told.summary).toMatchObject({ verdicts: 2, gone: 0, wouldHaveShipped: { count: 1 } })
    await rm(dirname(policy), { recursive: true })
  })

  it('ends a push with a wrong winnow.yaml as invalid, with the place of every fault', async () => {
    const wrong = [
      'version: 1',
      'pipelines:',
      '  numbers:',
      '    irr: pipelines/numbers.json',
      '    policy: policies/numbers.txt',
      '    on: {push: {branches: [main]}}',
      'environments:',
      '  dev: {targets: local}',
      '',
    ]
    await site.commit({ 'winnow.yaml': wrong.join('\n') })
    const { change, runs } = await pushed(site)
    acknowledged += 1
    expect(change.state).toBe('invalid')
    expect(runs).toEqual([])
    for (const place of ['winnow.yaml:4:5:', 'winnow.yaml:5:13:', 'winnow.yaml:8:'])
      expect(change.faults).toContainEqual(expect.stringContaining(place))
    expect(change.faults.find((fault) => fault.includes(':4:5:'))).toMatch(/irr.*\bir\b/)
    expect(await answer()).toBe(20)
  })

  it('trains nothing twice: what was taken back is judged again as it was', async () => {
    const before = await champion()
    await site.commitNumbers(2, 0.95)
    const { run, verdict, releases } = await pushedRun(site)
    acknowledged += 1
    expect(run).toMatchObject({ state: 'reused', jobId: null, reusedRun: 1 })
    expect(verdict?.state).toBe('pass')
    expect(releases).toEqual([])
    expect(await champion()).toBe(before)
  })

  it(
    "shows the person's own frame where a pipeline does not compile",
    async () => {
      const broken = 'from kfp import dsl\n\n\n@dsl.pipeline\ndef broken(days: int = 1):\n    weigh(days)\n'
      const more = {
        broken: { kfp: 'broken.py', requirements: 'requirements.txt', on: { push: { branches: ['main'] } } },
      }
      const files = { 'broken.py': broken, 'requirements.txt': 'kfp==2.17.0\n' }
      await site.commit({ ...files, 'winnow.yaml': site.yaml(2, 0.95, more) })
      const { change, runs } = await pushed(site)
      acknowledged += 1
      expect(change.state).toBe('started')
      const shown = await Promise.all(runs.map((id) => site.settledRun(id)))
      const failed = shown.find(({ run }) => run.pipeline === 'broken')
      expect(shown.map(({ run }) => run.state).sort()).toEqual(['failed', 'reused'])
      expect(failed?.run.reason).toContain('broken.py:6')
      expect(`${failed?.run.reason}\n${failed?.run.details.join('\n')}`).toMatch(/NameError: name 'weigh'/)
      expect(failed?.run.jobId).toBeNull()
      expect(failed?.verdict).toBeNull()
    },
    environmentTimeout,
  )

  it('records a delivery that comes again once', async () => {
    await site.commit({ 'winnow.yaml': site.yaml(2, 0.95) })
    // A run that still waited would be superseded by what comes next.
    await pushedRun(site)
    acknowledged += 1
    const head = await git(site.work, ['rev-parse', 'HEAD'])
    const refs = [{ ref: 'refs/heads/main', before: '0'.repeat(40), after: head }]
    const sentAt = new Date().toISOString()
    const body = JSON.stringify({ delivery: randomUUID(), repository, pusher: 'grower', sentAt, refs })
    const first = await deliver(site, body)
    acknowledged += 1
    const again = await Promise.all([deliver(site, body), deliver(site, body)])
    expect(first).toMatchObject({ status: 202, duplicate: false })
    for (const answer of again) expect(answer).toMatchObject({ status: 202, duplicate: true, change: first.change })
    expect(await deliver(site, body.replace('grower', 'guest'), body)).toMatchObject({ status: 401 })
    const { runs } = await site.ended(first.change)
    expect(runs).toHaveLength(1)
  })

  it('gathers new files into one run over all of them', async () => {
    const before = await champion()
    const names = ['monday.csv', 'tuesday.csv', 'wednesday.csv']
    for (const name of names) {
      const draft = join(site.incoming, `.${name}`)
      await writeFile(draft, 'x,y\n1,2\n')
      await rename(draft, join(site.incoming, name))
    }
    const seen = await until('three changes of data', async () => {
      const found = (await site.changes()).changes.filter(({ kind, state }) => kind === 'data' && state !== 'recorded')
      return found.length >= names.length && found
    })
    acknowledged += names.length
    expect(seen.map(({ state }) => state)).toEqual(['batched', 'batched', 'batched'])
    const gathered = await until('the run over the files', async () => {
      const { runs } = await site.runs()
      const found = runs.filter(({ batch }) => batch !== null)
      return found.length > 0 && found
    })
    const { run, releases } = await site.settledRun(gathered[0]?.id as number)
    expect(run.state).toBe('succeeded')
    expect(run.manifest.map(({ uri }) => uri.split('/').at(-1))).toEqual(names)
    expect(run.parameters['files']).toEqual(run.manifest.map(({ uri }) => uri))
    expect(releases).toMatchObject([{ state: 'live' }])
    expect(await champion()).not.toBe(before)
    expect((await site.runs()).runs.filter(({ batch }) => batch !== null)).toHaveLength(1)
  })

  it('has given every acknowledged change one outcome', async () => {
    const { changes, sum } = await site.changes()
    const total = Object.values(sum).reduce((all, count) => all + count, 0)
    expect(total).toBe(acknowledged)
    expect(changes).toHaveLength(acknowledged)
    expect(sum).toEqual({ started: 6, ignored: 1, invalid: 1, batched: 3 })
  })
})

describe('a pipeline of prebuilt components', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(embeddedStores())
    await site.start()
  })
  afterAll(() => site?.close())

  it(
    'is trained, judged for every class and served',
    async () => {
      const kinds = ['apple', 'melon', 'plum']
      const rows = Array.from({ length: 300 }, (_, i) => {
        const kind = i % kinds.length
        return `${kind * 10 + (i % 7) / 3},${kind * 5 - (i % 5) / 2},${kinds[kind]}`
      })
      const table = join(site.folder, 'fruit.csv')
      await writeFile(table, `weight,colour,kind\n${rows.join('\n')}\n`)
      const pipeline = `{ir: fruit.yaml, parameters: {table: '${table}'}, model: fruit, policy: fruit-policy.yaml, on: {push: {branches: [main]}}}`
      await site.commit({
        'winnow.yaml': `version: 1\npipelines:\n  fruit: ${pipeline}\nenvironments: {dev: {target: local, endpoint: fruit}}\n`,
        'fruit.yaml': await readFile(new URL('fixtures/automl.yaml', import.meta.url), 'utf8'),
        'fruit-policy.yaml':
          'version: 1\nmodel: fruit\ngates:\n  all kinds: {metric: recall, each: class, atLeast: 0.9}\n',
      })
      const { change, runs } = await pushed(site)
      expect(change.state).toBe('started')
      const { run, verdict, releases } = await site.settledRun(runs[0] as number, environmentTimeout)
      expect(run.state).toBe('succeeded')
      const [gate] = verdict?.receipt?.gates ?? []
      expect(gate?.checks.map(({ of, outcome }) => [of, outcome])).toEqual(kinds.map((kind) => [kind, 'pass']))
      expect(releases).toMatchObject([{ state: 'live', candidate: { digest: expect.stringMatching(/^sha256:/) } }])
      const { classes, scores } = await site.predict<{ classes: string[]; scores: number[] }>('fruit', {
        weight: 10.5,
        colour: 4,
      })
      expect(classes[scores.indexOf(Math.max(...scores))]).toBe('melon')
    },
    environmentTimeout,
  )
})
