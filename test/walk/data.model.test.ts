import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OpenStore } from '../../src/adapters/store/store.ts'
import { type DataObject, objectName, overlaps } from '../../src/domain/batch.ts'
import { sumsOf } from '../../src/domain/batch-sums.ts'
import { dataChange } from '../../src/domain/data-change.ts'
import { Fault } from '../../src/domain/errors.ts'
import { kindsWithSteps, nextStep, openStates } from '../../src/domain/next-step.ts'
import { createWalk, goodFiles, openWalkDatabase, repository, type Walk, type WalkDatabase } from './walk.ts'

// Any order of writes, deletions, deliveries, clocks and crashes over the real store and steps.

let database: WalkDatabase
beforeAll(async () => {
  database = await openWalkDatabase()
})
afterAll(() => database.close())

/** What may go wrong with the next transactions: it fails, or it is committed and nobody learns of it. */
type Crash = 'before the commit' | 'after the commit'

const crashing = (store: OpenStore, crashes: Crash[]): OpenStore => ({
  ...store,
  transaction: async (work) => {
    const crash = crashes.shift()
    const down = () => new Fault('store_unavailable', `the database went away ${crash}`, { retryable: true })
    const result = await store.transaction(async (tx) => {
      const result = await work(tx)
      if (crash === 'before the commit') throw down()
      return result
    })
    if (crash === 'after the commit') throw down()
    return result
  },
})

type Act =
  | { readonly do: 'write' | 'delete'; readonly name: number }
  /** A sender tells of one of the happenings that are not told yet; or again of one that is. */
  | { readonly do: 'tell' | 'tell again'; readonly which: number }
  | { readonly do: 'finish'; readonly folder: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'work'; readonly jobs: number }
  /** A job that is done twice, and a queue that forgets everything. */
  | { readonly do: 'twice' | 'forget' }
  | { readonly do: 'crash'; readonly crash: Crash }

const acts = (own: fc.Arbitrary<Act>): fc.Arbitrary<Act[]> =>
  fc.array(
    fc.oneof(
      { weight: 5, arbitrary: own },
      { weight: 5, arbitrary: fc.record({ do: fc.constant('tell' as const), which: fc.nat(20) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('tell again' as const), which: fc.nat(20) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 1_000, 6_000) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('work' as const), jobs: fc.integer({ min: 1, max: 8 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('twice' as const, 'forget' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('crash' as const),
          crash: fc.constantFrom<Crash>('before the commit', 'after the commit'),
        }),
      },
    ),
    { minLength: 5, maxLength: 30 },
  )

interface Happening {
  readonly object: DataObject
  readonly event: 'written' | 'deleted'
}

/** A bucket, its senders and the controller, moved by acts. */
const createWorld = async (data: string) => {
  const crashes: Crash[] = []
  const walk = await createWalk(database, {
    bounds: { addresses: ['gs://acme/'] },
    store: (store) => crashing(store, crashes),
  })
  const declared = `version: 1\npipelines:\n  beans:\n    ir: pipelines/beans.json\n    parameters: {target: Class}\n    on: {data: ${data}}\nenvironments:\n  dev: {target: local}\n`
  walk.commit('main', { ...goodFiles, 'winnow.yaml': declared })
  const untold: Happening[] = []
  const told: Happening[] = []
  const written = new Set<string>()
  let generation = 0

  const write = (name: string, size = 10): void => {
    generation += 1
    const object = { uri: `gs://acme/in/${name}`, generation: String(generation), size }
    walk.data.write(object)
    untold.push({ object, event: 'written' })
    if (size > 0) written.add(objectName(object))
  }
  const remove = (name: string): void => {
    const object = walk.data.objects.get(`gs://acme/in/${name}`)
    if (object === undefined) return
    walk.data.remove(object.uri)
    untold.push({ object, event: 'deleted' })
  }
  const tell = async ({ object, event }: Happening): Promise<void> => {
    const news = { repository, pipeline: null, sender: 'pubsub', object, event, at: walk.now() }
    await walk.real.recordChange(dataChange(news))
  }
  /** What the reconciler does for rows that nobody works on. */
  const sweep = async (): Promise<void> => {
    for (const kind of kindsWithSteps)
      for (const { id, version, state } of await walk.real.due(kind, openStates(kind), walk.now(), 100)) {
        const step = nextStep(kind, state)
        if (step !== undefined) await walk.handle({ step, id, version })
      }
  }
  const perform = async (act: Act): Promise<void> => {
    switch (act.do) {
      case 'write':
        return write(`${act.name}.csv`)
      case 'delete':
        return remove(`${act.name}.csv`)
      case 'finish':
        return
      case 'tell': {
        const [next] = untold.splice(act.which % Math.max(1, untold.length), 1)
        if (next === undefined) return
        told.push(next)
        return tell(next)
      }
      case 'tell again': {
        const again = told[act.which % Math.max(1, told.length)]
        return again && tell(again)
      }
      case 'wait':
        return walk.pass(act.ms)
      case 'work':
        await walk.drain({ jobs: act.jobs, until: walk.now() + 100 })
        return
      case 'twice': {
        const [entry] = await walk.real.outbox(1)
        if (entry === undefined || (entry.at ?? 0) > walk.now()) return
        await walk.handle(entry.job)
        return walk.handle(entry.job)
      }
      case 'forget': {
        await walk.real.removeFromOutbox((await walk.real.outbox(500)).map(({ sequence }) => sequence))
        return
      }
      case 'crash':
        crashes.push(act.crash)
    }
  }
  /** All is told, nothing crashes any more, and time passes until everything has ended. */
  const settle = async (): Promise<void> => {
    for (const happening of untold.splice(0)) await tell(happening)
    crashes.length = 0
    for (let i = 0; i < 40; i++) {
      // A batch that waits for its marker is looked at for ever: what was forgotten comes by the sweep alone.
      await walk.drain({ jobs: 300, until: walk.now() + 60_000 })
      walk.pass(30_000)
      await sweep()
      if ((await walk.real.outbox(1)).length === 0 && (await openRows(walk)) === 0) return
    }
    throw new Error('it never settles')
  }
  return { walk, write, perform, settle, written }
}

const openRows = async ({ real }: Walk): Promise<number> => {
  const open = await Promise.all(
    kindsWithSteps.map((kind) => real.list(kind, { state: openStates(kind) } as object, 1)),
  )
  return open.flat().length
}

/** How many manifests each object is in: those of runs that read it, not of runs that gave it up before or while they ran. */
const manifestsOf = async ({ real }: Walk): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>()
  for (const run of await real.list('run', {}, 1_000)) {
    if (run.state === 'superseded' || run.givenTo) continue
    expect(run).toMatchObject({ state: 'succeeded' })
    for (const object of run.manifest) counts.set(objectName(object), (counts.get(objectName(object)) ?? 0) + 1)
  }
  return counts
}

/** Whatever crashed: each batch has the sums of its objects. */
const expectSums = async ({ real }: Walk): Promise<void> => {
  for (const { id, sums, counted } of await real.list('batch', {}, 1_000))
    expect({ id, sums }).toEqual({ id, sums: sumsOf(await real.objectsOf(id, 1_000), counted) })
}

const name = fc.nat(3)
const writesAndDeletions = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('write' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), name }) },
)

it('every object is in exactly one manifest, or was replaced or deleted before it was read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...overlaps), acts(writesAndDeletions), async (overlap, happened) => {
      const world = await createWorld(
        `{uri: "gs://acme/in/*", quiet: 5s, maxWait: 20s, overlap: ${overlap}, into: source}`,
      )
      for (const act of happened) {
        await world.perform(act)
        await expectSums(world.walk)
      }
      await world.settle()
      await expectSums(world.walk)
      expect((await world.walk.real.account(null)).breaches).toEqual([])
      const manifests = await manifestsOf(world.walk)
      for (const [object, count] of manifests) expect(`${object} in ${count}`).toBe(`${object} in 1`)
      for (const object of world.walk.data.objects.values()) expect([...manifests.keys()]).toContain(objectName(object))
      for (const object of manifests.keys()) expect([...world.written]).toContain(object)
      const changes = await world.walk.real.list('change', {}, 1_000)
      for (const { state, reason } of changes) {
        expect(['batched', 'ignored']).toContain(state)
        expect(reason).not.toBe('')
      }
    }),
    { numRuns: 20 },
  )
})

const finishing = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), name: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('finish' as const), folder: fc.nat(1) }) },
)

it('a run reads a whole upload, once its marker came, whatever is told first', async () => {
  await fc.assert(
    fc.asyncProperty(acts(finishing), async (happened) => {
      const world = await createWorld(
        '{uri: "gs://acme/in/**/*.csv", marker: _SUCCESS, quiet: 5s, maxWait: 20s, into: source}',
      )
      const folders: { files: Set<number>; finished: boolean }[] = [0, 1].map(() => ({
        files: new Set(),
        finished: false,
      }))
      for (const act of [...happened, { do: 'finish', folder: 0 } as const, { do: 'finish', folder: 1 } as const]) {
        if (act.do === 'write') {
          // Files 0 to 2 are in the first folder; an upload writes each file once, and none after its marker.
          const folder = folders[act.name < 3 ? 0 : 1]
          if (folder === undefined || folder.finished || folder.files.has(act.name)) continue
          folder.files.add(act.name)
          world.write(`${act.name < 3 ? 0 : 1}/${act.name}.csv`)
        } else if (act.do === 'finish') {
          const folder = folders[act.folder]
          if (folder === undefined || folder.finished) continue
          folder.finished = true
          world.write(`${act.folder}/_SUCCESS`, 0)
        } else await world.perform(act)
      }
      await world.settle()
      const runs = await world.walk.real.list('run', { state: 'succeeded' })
      const read = runs.map(({ manifest }) => manifest.map(({ uri }) => Number(/(\d)\.csv$/.exec(uri)?.[1])))
      expect(read.sort()).toEqual(
        folders
          .filter(({ files }) => files.size > 0)
          .map(({ files }) => [...files].sort())
          .sort(),
      )
    }),
    { numRuns: 8 },
  )
})
