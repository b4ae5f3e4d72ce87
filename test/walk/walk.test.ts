import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Job } from '../../src/domain/ports/work.ts'
import { createLog } from '../../src/log.ts'
import { createFolderWatch } from '../../src/workers/loops/observe-folder.ts'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  pipelineJson,
  policyYaml,
  repository,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from './walk.ts'

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  walk = await createWalk(database)
})

const only = async <K extends 'run' | 'verdict' | 'release'>(kind: K) => {
  const rows = await walk.store.list(kind)
  expect(rows).toHaveLength(1)
  return walk.get(kind, rows[0]?.id as number)
}

describe('a push', () => {
  it('becomes a served model, and every state on the way is in history', async () => {
    const change = await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    expect(await walk.get('change', change)).toMatchObject({
      state: 'started',
      reason: expect.stringContaining('push to main changed pipelines/beans.json: run'),
    })
    const run = await only('run')
    expect(run).toMatchObject({ state: 'succeeded', reason: 'to be judged by policies/beans.yaml', attempt: 1 })
    expect(run.parameters).toEqual({ target: 'Class' })
    const verdict = await only('verdict')
    expect(verdict).toMatchObject({ state: 'pass', receipt: { outcome: 'pass', winnow: '0.0.0-test' } })
    expect(verdict.receipt?.evidence.metrics).toMatchObject({ accuracy: 0.95 })
    const release = await only('release')
    expect(release).toMatchObject({ state: 'live', environment: 'dev', endpointName: 'beans' })
    expect(walk.endpoint()?.split).toEqual({ [release.deployedModel as string]: 100 })
    expect((await walk.store.history('run', run.id)).map((entry) => entry.to)).toEqual([
      'wanted',
      'built',
      'launching',
      'running',
      'succeeded',
    ])
  })

  it('with a job the target was asked for by an id that was committed before', async () => {
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain({ jobs: 3 })
    const run = await only('run')
    expect(run.state).toBe('launching')
    expect(run.jobId).toMatch(/^winnow-beans-[0-9a-f]{16}$/)
    expect(walk.state.calls).not.toContain('launch')
    await walk.drain()
    expect([...walk.state.jobs.keys()]).toEqual([run.jobId])
    expect(walk.state.jobs.get(run.jobId as string)?.request.labels).toMatchObject({ 'winnow-run': String(run.id) })
  })

  it.each([
    ['a tag', { ref: 'refs/tags/v1' }, 'no trigger matches: v1 is a tag, branches are wanted'],
    ['a note', { ref: 'refs/notes/commits' }, 'refs/notes/commits is no branch and no tag'],
    ['a deleted branch', { ref: 'refs/heads/x', deleted: true }, 'branch x was deleted'],
    ['another branch', { ref: 'refs/heads/x' }, 'no trigger matches: branch is x, main is wanted'],
  ])('of %s is ignored, and says why', async (_name, over, reason) => {
    const change = await walk.push(walk.commit('main', goodFiles), over)
    await walk.drain()
    expect(await walk.get('change', change)).toMatchObject({ state: 'ignored', reason })
    expect(await walk.store.list('run')).toEqual([])
  })

  it('that touches no path of the trigger is ignored', async () => {
    const before = walk.commit('main', goodFiles)
    const change = await walk.push(walk.commit('main', { ...goodFiles, 'README.md': 'hello' }), { before })
    await walk.drain()
    expect(await walk.get('change', change)).toMatchObject({
      state: 'ignored',
      reason: 'no trigger matches: changed README.md, pipelines/** is wanted',
    })
  })

  it('with faults in winnow.yaml is invalid, every fault in its place', async () => {
    const text = `${winnowYaml({ environments: '  staging: {target: elsewhere}' })}typo: 1\n`
    const broken = walk.commit('main', { ...goodFiles, 'winnow.yaml': text })
    const first = await walk.push(broken)
    const bounded = winnowYaml({ environments: '  staging: {target: elsewhere}\n  dev: {target: local, endpoint: b}' })
    const second = await walk.push(walk.commit('main', { ...goodFiles, 'winnow.yaml': bounded }))
    await walk.drain()
    const invalid = await walk.get('change', first)
    expect(invalid.state).toBe('invalid')
    expect(invalid.faults[0]).toMatch(/^winnow\.yaml:\d+:\d+: .*typo/)
    const outside = await walk.get('change', second)
    expect(outside).toMatchObject({ state: 'invalid', reason: 'winnow.yaml has 2 faults' })
    expect(outside.faults).toEqual([
      expect.stringMatching(/^winnow\.yaml:10:3: environments\.staging: is not allowed here; .* dev, prod$/),
      expect.stringMatching(
        /^winnow\.yaml:10:\d+: environments\.staging\.target: elsewhere is not allowed here; .* local$/,
      ),
    ])
    expect(await walk.store.list('run')).toEqual([])
  })

  it('without a winnow.yaml, or of a commit that nobody has, ends with a reason', async () => {
    const none = await walk.push(walk.commit('main', { 'README.md': '' }))
    const gone = await walk.push('f'.repeat(40))
    await walk.drain()
    expect((await walk.get('change', none)).reason).toMatch(/^there is no winnow\.yaml at /)
    expect(await walk.get('change', gone)).toMatchObject({
      state: 'invalid',
      reason: `there is no commit ${'f'.repeat(40)}`,
    })
  })

  it('supersedes an older one of its branch that nobody has built yet', async () => {
    const older = await walk.push(walk.commit('main', goodFiles))
    await walk.drain({ jobs: 1 })
    const newer = await walk.push(walk.commit('main', { ...goodFiles, 'pipelines/beans.json': pipelineJson({ n: 2 }) }))
    // The newer one's match comes before the older one's build, as when all workers are busy.
    const [build, match] = await walk.store.outbox(10)
    await walk.store.removeFromOutbox([build?.sequence as number])
    expect(match?.job).toMatchObject({ step: 'match', id: newer })
    await walk.drain()
    const runs = await walk.store.list('run')
    expect(runs.map((run) => [run.change, run.state])).toEqual([
      [newer, 'succeeded'],
      [older, 'superseded'],
    ])
    expect(runs[1]?.reason).toBe(`change ${newer} is newer`)
  })

  it('that is matched after a newer one of its branch does not start', async () => {
    const older = await walk.push(walk.commit('main', goodFiles))
    const newer = await walk.push(walk.commit('main', { ...goodFiles, 'pipelines/beans.json': pipelineJson({ n: 2 }) }))
    const [first] = await walk.store.outbox(1)
    await walk.store.removeFromOutbox([first?.sequence as number])
    await walk.drain()
    await walk.store.transaction((tx) => tx.enqueue('match', older))
    await walk.drain()
    expect(await walk.get('change', older)).toMatchObject({
      state: 'superseded',
      reason: expect.stringContaining(`change ${newer}`),
    })
    await only('run')
  })

  it('that does not compile fails its run with the place', async () => {
    await walk.push(walk.commit('main', { ...goodFiles, 'pipelines/beans.json': 'def beans(:' }))
    await walk.drain()
    const run = await only('run')
    expect(run).toMatchObject({ state: 'failed', reason: 'pipelines/beans.json does not compile' })
    expect(run.details[0]).toMatch(/^pipelines\/beans\.json:1:1: /)
    expect(walk.state.jobs.size).toBe(0)
  })

  it('whose parameters do not fit is not launched', async () => {
    const files = { ...goodFiles, 'winnow.yaml': winnowYaml({ parameters: '{budgt: 3}' }) }
    await walk.push(walk.commit('main', files))
    await walk.drain()
    const run = await only('run')
    expect(run).toMatchObject({ state: 'failed', reason: 'the parameters do not fit the pipeline beans' })
    expect(run.details).toEqual([
      'budgt: the pipeline has no such parameter; it has target, budget, source',
      'target: the pipeline needs it, and winnow.yaml does not set it under parameters',
    ])
    expect(walk.state.jobs.size).toBe(0)
  })

  it('whose job fails is not judged, and a second push of the same tries again under another id', async () => {
    walk.fate.next = { failure: 'exit code 1' }
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    expect(await only('run')).toMatchObject({ state: 'failed', reason: 'exit code 1', details: ['train: exit code 1'] })
    expect(await walk.store.list('verdict')).toEqual([])
    walk.fate.next = { accuracy: 0.95 }
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    const [second, first] = await walk.store.list('run')
    expect(second).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(second?.jobId).not.toBe(first?.jobId)
    expect(walk.compiled).toHaveLength(1)
  })
})

describe('the same again', () => {
  it('is compiled once, launched once, judged for its own commit and not deployed twice', async () => {
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    const [second, first] = await walk.store.list('run')
    expect(second).toMatchObject({ state: 'reused', reusedRun: first?.id })
    expect(walk.compiled).toHaveLength(1)
    expect(walk.state.jobs.size).toBe(1)
    expect((await walk.store.list('verdict')).map((verdict) => verdict.state)).toEqual(['pass', 'pass'])
    await only('release')
    const [verdict] = await walk.store.list('verdict')
    const said = (await walk.store.history('verdict', verdict?.id as number)).map((entry) => entry.why)
    expect(said.at(-1)).toMatch(/^dev serves this model already/)
  })

  it('after another model went live brings the old one back, without training', async () => {
    const other = { ...goodFiles, 'pipelines/beans.json': pipelineJson({ n: 2 }) }
    for (const files of [goodFiles, other, goodFiles]) {
      const commit = walk.commit('main', files)
      await walk.push(commit)
      await walk.drain()
      // The fake target has one candidate for all; the run of each job made its own.
      const jobs = [...walk.state.jobs.keys()]
      walk.state.candidate = {
        ...(walk.state.candidate as NonNullable<typeof walk.state.candidate>),
        model: `models/of-${jobs[0]}`,
      }
    }
    expect(walk.state.jobs.size).toBe(2)
    const releases = await walk.store.list('release')
    expect(releases.map((release) => release.state)).toEqual(['live', 'retired', 'retired'])
    expect(releases[0]?.candidate.model).toBe(releases[2]?.candidate.model)
  })

  it('wanted twice at once is compiled once: the other run waits for it', async () => {
    await walk.push(walk.commit('main', goodFiles))
    await walk.record({ kind: 'request', pipeline: 'beans', by: 'somebody' })
    await walk.drain({ jobs: 2 })
    const [first, second] = (await walk.store.outbox(10)).filter(({ job }) => job.step === 'build')
    let open = () => {}
    walk.gate.open = new Promise((resolve) => {
      open = resolve
    })
    const compiling = walk.handle(first?.job as Job)
    await vi.waitFor(() => expect(walk.compiled).toHaveLength(1), { timeout: 120_000 })
    await walk.handle(second?.job as Job)
    const waiting = await walk.get('run', second?.job.id as number)
    expect(waiting).toMatchObject({ state: 'wanted', reason: expect.stringMatching(/^waits for build \d+$/) })
    expect(waiting.nextAt).toBe(walk.now() + 1_000)
    open()
    await compiling
    await walk.drain()
    expect((await walk.store.list('run')).map((run) => run.state)).toEqual(['reused', 'succeeded'])
    expect(walk.compiled).toHaveLength(1)
  })

  it('while the first is under way waits for that one', async () => {
    const commit = walk.commit('main', goodFiles)
    await walk.push(commit)
    await walk.push(commit, { ref: 'refs/heads/main' })
    await walk.record({ kind: 'request', pipeline: 'beans', by: 'somebody' })
    await walk.drain()
    expect(walk.state.jobs.size).toBe(1)
    const states = (await walk.store.list('run')).map((run) => run.state)
    expect(states.filter((state) => state === 'succeeded')).toHaveLength(1)
    expect(states.every((state) => ['succeeded', 'reused', 'superseded'].includes(state))).toBe(true)
    await only('release')
  })
})

describe('a refused candidate', () => {
  it('leaves the champion serving, and says by which gate and by how much', async () => {
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    const champion = walk.endpoint()?.split
    walk.fate.next = { accuracy: 0.6 }
    await walk.push(walk.commit('main', { ...goodFiles, 'pipelines/beans.json': pipelineJson({ n: 2 }) }))
    await walk.drain()
    const [verdict] = await walk.store.list('verdict')
    expect(verdict).toMatchObject({ state: 'fail', receipt: { gates: [{ gate: 'good enough', outcome: 'fail' }] } })
    expect(verdict?.receipt?.reason).toContain('accuracy is 0.600')
    expect(walk.endpoint()?.split).toEqual(champion)
    await only('release')
  })

  it('is trained again as often as the policy says, with its parameters, and then no more', async () => {
    walk.fate.next = { accuracy: 0.6 }
    const policy = policyYaml('otherwise: {retrain: {attempts: 2, parameters: {budget: 2000}}}\n')
    await walk.push(walk.commit('main', { ...goodFiles, 'policies/beans.yaml': policy }))
    await walk.drain()
    const runs = await walk.store.list('run')
    expect(runs.map((run) => run.attempt)).toEqual([3, 2, 1])
    expect(runs.map((run) => run.parameters)).toEqual([
      { target: 'Class', budget: 2000 },
      { target: 'Class', budget: 2000 },
      { target: 'Class' },
    ])
    expect((await walk.store.list('verdict')).map((verdict) => verdict.state)).toEqual(['fail', 'fail', 'fail'])
    const changes = await walk.store.list('change')
    expect(changes.map((change) => change.cause.kind)).toEqual(['retrain', 'retrain', 'push'])
    expect(await walk.store.list('release')).toEqual([])
  })

  it('cannot bring its own policy: the protected branch has the word', async () => {
    walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on: '{push: {branches: ["**"]}}' }) })
    const lax = 'version: 1\nmodel: beans\ngates:\n  anything: {metric: accuracy, atLeast: 0.1}\n'
    const commit = walk.commit('feature', {
      ...goodFiles,
      'winnow.yaml': winnowYaml({ on: '{push: {branches: ["**"]}}' }),
      'policies/beans.yaml': lax,
    })
    walk.fate.next = { accuracy: 0.6 }
    await walk.push(commit, { ref: 'refs/heads/feature' })
    await walk.drain()
    expect(await only('verdict')).toMatchObject({ state: 'fail', receipt: { gates: [{ gate: 'good enough' }] } })
  })

  it.each([
    ['is missing', undefined, 'there is no policies/beans.yaml on the protected branch'],
    [
      'has a typo',
      'version: 1\nmodel: beans\ngates:\n  g: {metric: acuracy, atLeast: 0.9}\n',
      'policies/beans.yaml:4:15',
    ],
  ])('nothing passes where the policy %s by the time of the verdict', async (_name, policy, reason) => {
    const { 'policies/beans.yaml': _good, ...files } = goodFiles
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain({ jobs: 4 })
    walk.commit('main', { ...files, ...(policy === undefined ? {} : { 'policies/beans.yaml': policy }) })
    await walk.drain()
    const verdict = await only('verdict')
    expect(verdict).toMatchObject({ state: 'inconclusive', follows: { kind: 'person' } })
    expect(verdict.receipt?.reason).toContain(reason)
    expect(await walk.store.list('release')).toEqual([])
  })

  it.each([
    ['is missing', undefined, 'winnow.yaml: pipelines.beans.policy: there is no file policies/beans.yaml'],
    [
      'has a typo',
      'version: 1\nmodel: beans\ngates:\n  g: {metric: acuracy, atLeast: 0.9}\n',
      expect.stringMatching(/^policies\/beans\.yaml:4:15: .*accuracy/),
    ],
  ])('is not even trained where the policy that was pushed %s', async (_name, policy, fault) => {
    const { 'policies/beans.yaml': _good, ...files } = goodFiles
    const change = await walk.push(
      walk.commit('main', { ...files, ...(policy === undefined ? {} : { 'policies/beans.yaml': policy }) }),
    )
    await walk.drain()
    expect(await walk.get('change', change)).toMatchObject({
      state: 'invalid',
      reason: 'the policy has 1 fault: nothing could pass',
      faults: [fault],
    })
    expect(await walk.store.list('run')).toEqual([])
  })

  it('nothing passes where the run made no model', async () => {
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain({ jobs: 6 })
    walk.state.candidate = undefined
    await walk.drain()
    expect(await only('verdict')).toMatchObject({
      state: 'inconclusive',
      receipt: { reason: 'there is nothing to deliver: the run made no model' },
    })
  })
})

describe('a pull request', () => {
  const cause = { kind: 'pullRequest', number: 7, action: 'opened', ref: 'feature', baseRef: 'main' } as const

  it('is planned: compiled, and nothing launched', async () => {
    const commit = walk.commit('feature', goodFiles)
    const change = await walk.record({ ...cause, commit, fork: false })
    await walk.drain()
    expect((await walk.get('change', change)).state).toBe('started')
    expect(await only('run')).toMatchObject({ state: 'planned', reason: expect.stringContaining('it compiles') })
    expect(walk.state.calls).toEqual([])
  })

  it('from a fork is not even looked at', async () => {
    const change = await walk.record({ ...cause, commit: 'e'.repeat(40), fork: true })
    await walk.drain()
    expect(await walk.get('change', change)).toMatchObject({
      state: 'ignored',
      reason: 'the pull request comes from a fork, whose code nobody has trusted yet',
    })
    expect(walk.compiled).toEqual([])
  })
})

describe('data', () => {
  const on = '{data: {uri: "file:/data/*.csv", quiet: 5s, maxWait: 60s, into: source}}'
  const object = (name: string, generation = '1') => ({ uri: `file:/data/${name}`, generation, size: 10 })
  const watch = (objects: () => readonly ReturnType<typeof object>[]) =>
    createFolderWatch({
      ...walk,
      source: {
        ...walk.data.source,
        list: async () => {
          for (const object of objects()) walk.data.write(object)
          return objects()
        },
      },
      repositories: [repository, 'unknown'],
      log: createLog('silent'),
    })
  const signal = new AbortController().signal

  it('of many files is one run over all of them, once it is quiet', async () => {
    walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
    let objects = [object('b.csv'), object('a.csv')]
    const folder = watch(() => objects)
    expect(await folder.look(signal)).toBe(2)
    expect(await folder.look(signal)).toBe(0)
    await walk.drain({ until: walk.now() })
    walk.pass(3_000)
    objects = [...objects, object('c.csv')]
    expect(await folder.look(signal)).toBe(1)
    await walk.drain()
    const changes = await walk.store.list('change')
    expect(changes.map((change) => change.state)).toEqual(['batched', 'batched', 'batched'])
    const [batch] = await walk.store.list('batch')
    expect(batch).toMatchObject({ state: 'closed' })
    const run = await only('run')
    expect(run.parameters).toEqual({
      target: 'Class',
      source: ['file:/data/a.csv', 'file:/data/b.csv', 'file:/data/c.csv'],
    })
    expect(run).toMatchObject({ state: 'succeeded', batch: batch?.id, manifest: [{ uri: 'file:/data/a.csv' }, {}, {}] })
    await only('release')
  })

  it('at a new generation is new; the same seen by a forgetful watch is not', async () => {
    walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
    let objects = [object('a.csv')]
    const folder = watch(() => objects)
    await folder.look(signal)
    await walk.drain()
    await walk.store.writeSetting('folder:beans:beans:file:/data/*.csv', [])
    await folder.look(signal)
    expect(await walk.store.list('change')).toHaveLength(1)
    objects = [object('a.csv', '2')]
    await folder.look(signal)
    await walk.drain()
    expect((await walk.store.list('run')).map((run) => run.state)).toEqual(['succeeded', 'succeeded'])
  })

  it('waits while the protected branch cannot be read, and is not lost', async () => {
    walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
    await watch(() => [object('a.csv')]).look(signal)
    walk.commit('main', { ...goodFiles, 'winnow.yaml': 'version: 2' })
    await walk.drain({ jobs: 3 })
    expect((await walk.store.list('change'))[0]?.state).toBe('recorded')
    walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
    await walk.drain()
    expect((await walk.store.list('change'))[0]?.state).toBe('batched')
    await only('run')
  })
})

describe('a target that fails', () => {
  it.each([1, 2, 3])('for a while costs time and nothing else (script %i)', async (script) => {
    let call = 0
    walk = await createWalk(database, {
      inject: () => {
        call += 1
        if (call > 40) return 'fine'
        return call % 4 < script ? (call % 2 === 0 ? 'lostAnswer' : 'unavailable') : 'fine'
      },
    })
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    expect(walk.state.jobs.size).toBe(1)
    expect(await only('run')).toMatchObject({ state: 'succeeded' })
    const release = await only('release')
    expect(release.state).toBe('live')
    expect(walk.endpoint()?.split).toEqual({ [release.deployedModel as string]: 100 })
  })

  it('and forgets a job is given it again under the same id', async () => {
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain({ jobs: 4 })
    const [jobId] = [...walk.state.jobs.keys()]
    walk.state.jobs.clear()
    await walk.drain()
    expect([...walk.state.jobs.keys()]).toEqual([jobId])
    expect(await only('run')).toMatchObject({ state: 'succeeded' })
  })

  it('and refuses a launch ends the run with its words', async () => {
    walk = await createWalk(database, { inject: (method) => (method === 'launch' ? 'refused' : 'fine') })
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    expect(await only('run')).toMatchObject({ state: 'failed', reason: 'launch was refused: injected' })
  })

  it('is told of a run that somebody cancels', async () => {
    walk.fate.next = { endless: true }
    await walk.push(walk.commit('main', goodFiles))
    await walk.drain({ jobs: 4 })
    const run = await only('run')
    await walk.store.transaction(async (tx) => {
      await tx.update('run', { ...run, cancelRequested: true })
      await tx.enqueue('watch', run.id)
    })
    await walk.drain()
    expect(await only('run')).toMatchObject({ state: 'cancelled' })
    expect(await walk.store.list('verdict')).toEqual([])
  })
})
