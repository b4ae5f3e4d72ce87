import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createStore } from '../../src/adapters/store/store.ts'
import { operators } from '../../src/domain/approval.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { createDecisions } from '../../src/workers/people/decisions.ts'
import { createRunner } from '../../src/workers/running/runner.ts'
import { createLaunchStep } from '../../src/workers/runs/launch.ts'
import { createRecordingLog, stepsWith } from '../workers/ledger.ts'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  pipelineJson,
  repository,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from './walk.ts'

const alice = { name: 'alice', groups: [operators], knownAs: [] }
const bob = { name: 'bob', groups: ['ml-leads'], knownAs: [] }
const signal = new AbortController().signal

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())

const oneAtATime = winnowYaml({ on: '{push: {branches: ["**"]}}' }).replace(
  '    model: beans',
  '    concurrency: 1\n    model: beans',
)
/** Another commit each time, and with it another pipeline. */
const files = (n: number, over: JsonObject = {}) => ({
  ...goodFiles,
  'winnow.yaml': oneAtATime,
  'pipelines/beans.json': pipelineJson({ n, ...over }),
})
let made = 0
const pushTo = (branch: string) => walk.push(walk.commit(branch, files(++made)), { ref: `refs/heads/${branch}` })
const runs = () => walk.store.list('run', {}, 100, 'oldest')
const states = async () => (await runs()).map(({ state }) => state)
const stateOf = async (change: number) => (await walk.get('change', change)).state

describe('one at a time', () => {
  beforeEach(async () => {
    walk = await createWalk(database)
    walk.commit('main', files(++made))
    walk.fate.next = { endless: true }
  })

  /** Jobs go on until only those that wait for a job's end are left. */
  const settle = () => walk.drain({ until: walk.now() + 4_000, jobs: 40 })

  it('a run waits for the one before it, says so, and goes on in the transaction that ends that', async () => {
    await pushTo('main')
    await pushTo('other')
    await settle()
    const [first, second] = await runs()
    expect(await states()).toEqual(['running', 'built'])
    expect(second?.reason).toBe(`waits for run ${first?.id}: pipeline beans runs one at a time`)
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect(await states()).toEqual(['succeeded', 'succeeded'])
  })

  it('those who wait go in the order of their coming, also where the first fails', async () => {
    for (const branch of ['a', 'b', 'c']) await pushTo(branch)
    await settle()
    expect(await states()).toEqual(['running', 'built', 'built'])
    walk.fate.next = { failure: 'no more disk' }
    await walk.drain()
    const ended = await runs()
    expect(ended.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed'])
    const launched = ended.map(({ launchedAt }) => launchedAt ?? 0)
    expect(launched).toEqual([...launched].sort((a, b) => a - b))
  })

  it('a push that waits gives way to a newer one of its branch, and so does its change: the sums stay the same', async () => {
    const first = await pushTo('main')
    await settle()
    const older = await pushTo('main')
    await settle()
    const newer = await pushTo('main')
    await settle()
    expect(await states()).toEqual(['running', 'superseded', 'built'])
    expect(await stateOf(first)).toBe('started')
    expect(await walk.get('change', older)).toMatchObject({
      state: 'superseded',
      reason: `superseded by change ${newer} before anything was launched`,
    })
    expect(await walk.store.countChanges()).toEqual({ started: 2, superseded: 1 })
    expect((await walk.store.history('change', older)).map(({ to }) => to)).toEqual([
      'recorded',
      'started',
      'superseded',
    ])
  })

  it('one that is cancelled while it waits holds up nobody', async () => {
    for (const branch of ['a', 'b', 'c']) await pushTo(branch)
    await settle()
    const [, second] = await runs()
    await walk.store.transaction(async (tx) => {
      const run = await tx.get('run', second?.id as number)
      if (run !== undefined) await tx.update('run', { ...run, cancelRequested: true, nextAt: walk.now() })
      await tx.enqueue('launch', second?.id as number)
    })
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect(await states()).toEqual(['succeeded', 'cancelled', 'succeeded'])
  })

  it('two workers that are about to launch at once do not both', async () => {
    for (const branch of ['a', 'b']) await pushTo(branch)
    const launches: { id: number; version: number }[] = []
    while (launches.length < 2) {
      const entry = (await walk.store.outbox(10)).find(({ job }) => job.step !== 'launch')
      if (entry === undefined) {
        launches.push(...(await walk.store.outbox(10)).map(({ job }) => job))
        break
      }
      await walk.store.removeFromOutbox([entry.sequence])
      await walk.handle(entry.job)
    }
    const others = await createStore(database.pool, walk.now)
    const workers = [walk.store, others].map((store) =>
      createRunner({
        store,
        queue: { add: async () => {} },
        steps: stepsWith({ launch: createLaunchStep({ ...walk, store }) }),
        now: walk.now,
        log: createRecordingLog(),
      }),
    )
    await Promise.all(launches.map((job, i) => workers[i]?.handle({ step: 'launch', ...job }, signal)))
    expect((await states()).sort()).toEqual(['built', 'launching'])
  })
})

describe('the config bounds', () => {
  it.each([
    ['a repository', { bounds: { concurrency: 2 } }, 'repository beans runs 2 at a time'],
    ['a target', { targetLimits: { local: 2 } }, 'target local runs 2 at a time'],
  ])('how many runs of %s are under way', async (_, options, reason) => {
    walk = await createWalk(database, options)
    walk.fate.next = { endless: true }
    const free = { ...goodFiles, 'winnow.yaml': winnowYaml({ on: '{push: {branches: ["**"]}}' }) }
    walk.commit('main', free)
    for (const branch of ['a', 'b', 'c'])
      await walk.push(walk.commit(branch, { ...free, 'pipelines/beans.json': pipelineJson({ n: ++made }) }), {
        ref: `refs/heads/${branch}`,
      })
    await walk.drain({ until: walk.now() + 4_000, jobs: 40 })
    expect((await states()).sort()).toEqual(['built', 'running', 'running'])
    const [first, second, third] = await runs()
    expect(third?.reason).toBe(`waits for runs ${first?.id}, ${second?.id}: ${reason}`)
    walk.fate.next = { accuracy: 0.95 }
    await walk.drain()
    expect(await states()).toEqual(['succeeded', 'succeeded', 'succeeded'])
  })
})

describe('a pause', () => {
  const hour = 3_600_000
  let decisions: ReturnType<typeof createDecisions>
  beforeEach(async () => {
    walk = await createWalk(database)
    decisions = createDecisions({ ...walk, repositories: [repository] })
    walk.commit('main', files(++made))
  })
  const pause = (over: { pipeline?: string; lasts?: number } = {}) =>
    decisions.pause(
      over.pipeline === undefined ? {} : { pipeline: over.pipeline },
      alice,
      { reason: 'the audit', lasts: over.lasts ?? hour },
      signal,
    )
  const noon = () => walk.drain({ until: walk.now() + hour / 2 })

  it('lets changes be recorded and matched, and runs wait unbuilt; newer pushes take their places; then they go on', async () => {
    await pause({ pipeline: 'beans' })
    const older = await pushTo('main')
    await noon()
    const [waiting] = await runs()
    const said = 'paused by alice until 1970-01-01T01:16:40.000Z: the audit'
    expect(waiting).toMatchObject({ state: 'wanted', reason: said })
    expect((await walk.get('change', older)).reason).toContain(`run ${waiting?.id} of beans; ${said}`)
    expect(walk.compiled).toEqual([])
    const newer = await pushTo('main')
    await noon()
    expect(await states()).toEqual(['superseded', 'wanted'])
    expect(await walk.get('change', older)).toMatchObject({ state: 'superseded' })
    const resumed = await decisions.resume({ pipeline: 'beans' }, alice)
    expect(resumed.next).toBe('1 run that waited goes on')
    await walk.drain()
    expect(await states()).toEqual(['superseded', 'succeeded'])
    expect(await stateOf(newer)).toBe('started')
    const [row] = await walk.store.list('pause')
    expect((await walk.store.history('pause', row?.id as number)).map(({ to, by, why }) => [to, by, why])).toEqual([
      ['paused', 'alice', said],
      ['resumed', 'alice', 'resumed by alice'],
    ])
  })

  it('ends when its time is over, and what waited goes on by itself', async () => {
    await pause()
    await pushTo('main')
    await noon()
    expect(await states()).toEqual(['wanted'])
    await walk.drain()
    expect(await states()).toEqual(['succeeded'])
    const [row] = await walk.store.list('pause')
    expect(row).toMatchObject({ state: 'expired', nextAt: null })
    expect((await runs())[0]?.launchedAt).toBeGreaterThanOrEqual(row?.until as number)
  })

  it('of one pipeline does not hold up another, and a plan of a pull request is made all the same', async () => {
    await pause({ pipeline: 'beans' })
    const text = oneAtATime.replace(
      'environments:',
      '  other: {ir: pipelines/beans.json, parameters: {target: Class}, on: {push: {branches: ["**"]}}}\nenvironments:',
    )
    const commit = walk.commit('main', {
      ...files(++made),
      'winnow.yaml': text.replace('on: {push', 'on: {pullRequest: {plan: true}, push'),
    })
    await walk.push(commit)
    await walk.record({
      kind: 'pullRequest',
      number: 7,
      action: 'opened',
      ref: 'refs/heads/topic',
      commit,
      baseRef: 'main',
      fork: false,
    })
    await noon()
    expect((await runs()).map(({ pipeline, state }) => [pipeline, state])).toEqual([
      ['beans', 'wanted'],
      ['other', 'succeeded'],
      ['beans', 'planned'],
    ])
  })

  it('holds a run that was built already, and a cancelled one waits for nothing', async () => {
    await pushTo('main')
    await walk.drain({ jobs: 2 })
    expect(await states()).toEqual(['built'])
    await pause()
    await noon()
    const [run] = await runs()
    expect(run).toMatchObject({ state: 'built', reason: expect.stringContaining('paused by alice') })
    await walk.store.transaction(async (tx) => {
      const row = await tx.get('run', run?.id as number)
      if (row !== undefined) await tx.update('run', { ...row, cancelRequested: true, nextAt: walk.now() })
      await tx.enqueue('launch', run?.id as number)
    })
    await noon()
    expect(await states()).toEqual(['cancelled'])
  })

  it('that comes while a run is about to be launched holds it, too', async () => {
    let meanwhile: (() => Promise<unknown>) | undefined
    walk = await createWalk(database, {
      store: (real) => ({
        ...real,
        transaction: async (work) => {
          const first = meanwhile
          meanwhile = undefined
          await first?.()
          return real.transaction(work)
        },
      }),
    })
    decisions = createDecisions({ ...walk, store: walk.real, repositories: [repository] })
    walk.commit('main', files(++made))
    await pushTo('main')
    await walk.drain({ jobs: 2 })
    expect(await states()).toEqual(['built'])
    meanwhile = () => pause()
    await noon()
    const [run] = await runs()
    expect(run).toMatchObject({ state: 'built', reason: expect.stringContaining('paused by alice') })
    await walk.drain()
    expect(await states()).toEqual(['succeeded'])
  })

  it('takes the place of the one before; a longer one of the repository counts for its pipelines', async () => {
    await pause({ lasts: 2 * hour })
    await pause({ lasts: hour })
    expect((await walk.store.list('pause')).map(({ state }) => state)).toEqual(['paused', 'resumed'])
    await pause({ pipeline: 'beans', lasts: hour / 4 })
    await pushTo('main')
    await walk.drain({ until: walk.now() + hour / 2 })
    expect((await runs())[0]?.reason).toContain('until 1970-01-01T01:16:40')
    expect((await walk.store.list('pause')).map(({ state }) => state)).toEqual(['expired', 'paused', 'resumed'])
  })

  it('is for operators, of what there is, and ends once', async () => {
    await expect(decisions.pause({}, bob, { reason: 'x', lasts: hour }, signal)).rejects.toMatchObject({
      code: 'forbidden',
    })
    await expect(pause({ pipeline: 'bean' })).rejects.toMatchObject({
      code: 'not_found',
      message: 'beans has no pipeline bean, did you mean beans?',
    })
    await expect(decisions.resume({}, alice)).rejects.toMatchObject({ code: 'usage', message: 'beans is not paused' })
  })
})
