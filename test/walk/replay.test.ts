import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Person } from '../../src/domain/approval.ts'
import { digestBytes } from '../../src/domain/digest.ts'
import { reconcileLedger } from '../../src/ledger/reconcile-ledger.ts'
import { type TraceNode, trace } from '../../src/ledger/trace.ts'
import { createReplay } from '../../src/workers/people/replay-change.ts'
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

const grace: Person = { name: 'grace', groups: ['operators'], knownAs: [] }

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  walk = await createWalk(database)
})

const replay = async (change: number, reason = 'the bucket was empty then', person = grace): Promise<number> =>
  (await createReplay({ ...walk, repositories: [repository] })(change, person, reason)).change
const runsOf = (change: number) => walk.store.list('run', { change })
const faults = async () => reconcileLedger(await walk.store.account(null)).faults

describe('a replayed change', () => {
  it('is a change of its own with the same cause, and really runs again', async () => {
    const first = await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    const second = await replay(first)
    await walk.drain()
    const [before, after] = [await walk.get('change', first), await walk.get('change', second)]
    expect(after).toMatchObject({ state: 'started', replayOf: first, sender: 'replay', author: before.author })
    expect(after.cause).toEqual(before.cause)
    expect(after.dedupeKey).not.toBe(before.dedupeKey)
    expect(await runsOf(second)).toMatchObject([{ state: 'succeeded', attempt: 2, reusedRun: null }])
    expect(walk.state.jobs.size).toBe(2)
    // A replay of a replay runs once more; so does a second replay of the first.
    const third = await replay(second)
    const fourth = await replay(first)
    await walk.drain()
    for (const id of [third, fourth]) expect(await runsOf(id)).toMatchObject([{ state: 'succeeded', reusedRun: null }])
    expect(walk.state.jobs.size).toBe(4)
    expect(await faults()).toEqual([])
  })

  it('is written down on both, with the name and the reason', async () => {
    const first = await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    const second = await replay(first)
    expect((await walk.store.history('change', first)).at(-1)).toMatchObject({
      by: 'grace',
      from: 'started',
      to: 'started',
      why: `replayed as change ${second}: the bucket was empty then`,
    })
    expect(await walk.store.history('change', second)).toMatchObject([
      { by: 'grace', to: 'recorded', why: `replay of change ${first}: the bucket was empty then` },
    ])
  })

  it('of an upstream knows what led to it: a circle stays one', async () => {
    const features =
      '  features: {ir: pipelines/beans.json, parameters: {target: Class}, on: {upstream: {pipeline: beans}}}\n'
    const files = {
      ...goodFiles,
      'winnow.yaml': winnowYaml({ on: '{push: {branches: [main]}, upstream: {pipeline: features}}' }).replace(
        'environments:\n',
        `${features}environments:\n`,
      ),
    }
    await walk.push(walk.commit('main', files))
    await walk.drain()
    const ended = (await walk.store.list('change')).find(({ state }) => state === 'ignored')
    const again = await replay(ended?.id as number)
    await walk.drain()
    const loop = { state: 'ignored', reason: 'loop: beans → features → beans' }
    expect(ended).toMatchObject(loop)
    expect(await walk.get('change', again)).toMatchObject({ ...loop, lineage: ended?.lineage })
  })

  it('is no newest push: what came since is neither superseded nor hidden by it', async () => {
    const old = await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    const newer = walk.commit('main', { ...goodFiles, 'pipelines/beans.json': pipelineJson({ n: 2 }) })
    const next = await walk.push(newer, { before: (await runsOf(old))[0]?.commit as string })
    // The newer run is wanted and not built when the replay is matched.
    await walk.drain({ jobs: 1 })
    const again = await replay(old)
    await walk.drain()
    expect(await runsOf(next)).toMatchObject([{ state: 'succeeded' }])
    expect(await runsOf(again)).toMatchObject([{ state: 'succeeded' }])
    expect(await walk.store.list('change', { repository, ref: 'refs/heads/main' }, 1)).toMatchObject([{ id: next }])
  })

  it('of data joins a batch again, whose run is its own', async () => {
    walk.commit('main', {
      ...goodFiles,
      'winnow.yaml': winnowYaml({ on: '{data: {uri: "file:incoming/*.csv", quiet: 1m, maxWait: 1h, into: source}}' }),
    })
    const object = { uri: 'file:///incoming/a.csv', generation: '1', size: 3, checksum: digestBytes('a') }
    const first = await walk.record({ kind: 'data', pipeline: 'beans', ...object })
    await walk.drain()
    const second = await replay(first)
    await walk.drain()
    const batches = [(await walk.get('change', first)).batch, (await walk.get('change', second)).batch]
    expect(new Set(batches).size).toBe(2)
    for (const batch of batches)
      expect(await walk.store.list('run', { batch })).toMatchObject([{ state: 'succeeded', reusedRun: null }])
    expect(walk.state.jobs.size).toBe(2)
    expect(await faults()).toEqual([])
  })

  it('is refused before it has ended, where it is not there, and to whoever is no operator', async () => {
    const open = await walk.push(walk.commit('main', goodFiles))
    await expect(replay(open)).rejects.toMatchObject({ code: 'usage' })
    await expect(replay(999)).rejects.toMatchObject({ code: 'not_found' })
    await walk.drain()
    await expect(replay(open, 'why not', { ...grace, groups: [] })).rejects.toMatchObject({ code: 'forbidden' })
    expect(await walk.store.list('change')).toHaveLength(1)
  })
})

describe('the way of a change', () => {
  const shape = ({ kind, id, state, children }: TraceNode): unknown => [
    `${kind} ${id} ${state}`,
    ...children.map(shape),
  ]
  const wayOf = async (kind: 'change' | 'run' | 'release', id: number) => {
    const found = await trace(walk.store, kind, id)
    if (found === undefined) throw new Error('no way')
    return found
  }

  it('goes from the push to its release, and is found from each end', async () => {
    const id = await walk.push(walk.commit('main', goodFiles))
    await walk.drain()
    const [[run], [release]] = [await runsOf(id), await walk.store.list('release')]
    const way = await wayOf('change', id)
    expect(way.causes).toEqual([])
    expect(shape(way.change)).toEqual([
      `change ${id} started`,
      [
        `run ${run?.id} succeeded`,
        [`build ${run?.build} compiled`],
        [`verdict ${release?.verdict} pass`, [`release ${release?.id} live`]],
      ],
    ])
    expect((await wayOf('run', run?.id as number)).change).toEqual(way.change)
    expect((await wayOf('release', release?.id as number)).change).toEqual(way.change)
    expect(way.change.children[0]?.at).toBeGreaterThan(0)
    expect(await trace(walk.store, 'run', 999)).toBeUndefined()
  })

  it('goes up to the refused run that a retrain came of, and down to the retrain', async () => {
    walk.fate.next = { accuracy: 0.5 }
    const otherwise = 'otherwise:\n  retrain: {attempts: 2, parameters: {budget: "1000"}}\n'
    const id = await walk.push(walk.commit('main', { ...goodFiles, 'policies/beans.yaml': policyYaml(otherwise) }))
    await walk.drain()
    const [second] = await walk.store.list('change', {}, 1)
    const [refused] = await runsOf(id)
    expect(second?.cause.kind).toBe('retrain')
    const down = await wayOf('change', id)
    expect(JSON.stringify(shape(down.change))).toContain(`change ${second?.id} started`)
    const up = await wayOf('change', second?.id as number)
    expect(up.causes.map(({ kind, id: number }) => `${kind} ${number}`)).toEqual([
      `change ${id}`,
      `run ${refused?.id}`,
      `verdict ${(await walk.store.list('verdict', { run: refused?.id as number }))[0]?.id}`,
    ])
  })
})
