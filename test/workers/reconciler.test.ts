import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openQueue } from '../../src/adapters/queue/open-queue.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import type { Queue } from '../../src/domain/ports/work.ts'
import { silentLog } from '../../src/log.ts'
import { createReconciler } from '../../src/workers/running/reconciler.ts'
import { createRelay } from '../../src/workers/running/relay.ts'
import { createRunner } from '../../src/workers/running/runner.ts'
import { someRelease, someRun } from '../fakes/rows.ts'
import { describeDatabases, openPool, type TestDatabase, until } from '../store/databases.ts'
import { someBatch, someChange, someVerdict, unique } from '../store/rows.ts'
import { createWaitingJobs } from './in-memory-queue.ts'
import { createRecordingLog, openLedger, stepsWith } from './ledger.ts'

describe('the reconciler', () => {
  let store: OpenStore
  let clock: { now: number }
  let dispose: () => Promise<void>
  beforeAll(async () => {
    ;({ store, clock, dispose } = await openLedger())
  })
  afterAll(() => dispose())

  const reconcilerOver = (queue: Pick<Queue, 'add' | 'front'>, interval = 1_000_000) =>
    createReconciler({ store, queue, now: () => clock.now, log: createRecordingLog(), interval, grace: 5_000 })

  it('queues every row that waits for a step, once, and only those', async () => {
    const ids = await store.transaction(async (tx) => ({
      change: (await tx.insert('change', someChange())).id,
      batch: (await tx.insert('batch', someBatch())).id,
      wanted: (await tx.insert('run', someRun({ state: 'wanted' }))).id,
      built: (await tx.insert('run', someRun({ state: 'built' }))).id,
      launching: (await tx.insert('run', someRun({ state: 'launching' }))).id,
      running: (await tx.insert('run', someRun({ state: 'running', nextAt: clock.now }))).id,
      verdict: (await tx.insert('verdict', someVerdict())).id,
      release: (await tx.insert('release', someRelease({ state: 'shifting' }))).id,
      ended: (await tx.insert('run', someRun({ state: 'succeeded', nextAt: null }))).id,
      later: (await tx.insert('run', someRun({ state: 'running', nextAt: clock.now + 60_000 }))).id,
    }))
    const queue = createWaitingJobs()
    const reconciler = reconcilerOver(queue)
    expect(await reconciler.sweep()).toBe(0)
    clock.now += 5_000
    expect(await reconciler.sweep()).toBe(8)
    expect(await reconciler.sweep()).toBe(8)
    const jobs = queue.take().map(({ job: { step, id } }) => `${step} ${id}`)
    expect(jobs.sort()).toEqual(
      [
        `match ${ids.change}`,
        `gather ${ids.batch}`,
        `build ${ids.wanted}`,
        `launch ${ids.built}`,
        `launch ${ids.launching}`,
        `watch ${ids.running}`,
        `judge ${ids.verdict}`,
        `release ${ids.release}`,
      ].sort(),
    )
  })

  it('starts alone by taking up what the dead had claimed and what was parked', async () => {
    const [claimed, parked] = await store.transaction(async (tx) => [
      await tx.insert('run', someRun({ nextAt: null })),
      await tx.insert('run', someRun({ nextAt: null })),
    ])
    if (!claimed || !parked) return expect.unreachable()
    for (const { id } of [claimed, parked]) await store.claim('run', id, 1, clock.now + 1_000_000)
    await store.park('run', parked.id, 2, 'no Python')
    const queue = createWaitingJobs()
    const isQueued = async (alone: boolean) => {
      const reconciler = reconcilerOver(queue)
      await reconciler.start({ alone })
      await reconciler.close()
      const ids = queue.take().map(({ job }) => `${job.step} ${job.id} ${job.version}`)
      return [ids.includes(`build ${claimed.id} 2`), ids.includes(`build ${parked.id} 3`)]
    }
    expect(await isQueued(false)).toEqual([false, true])
    expect(await isQueued(true)).toEqual([true, true])
  })

  it('of an emptied queue fills in all rows at once, each lane by turns', async () => {
    const [many, one] = [unique('many'), unique('one')]
    await store.transaction(async (tx) => {
      for (let i = 0; i < 600; i++) await tx.insert('run', someRun({ repository: many }))
      await tx.insert('run', someRun({ repository: one }))
    })
    clock.now += 5_000
    const added: { id: number; turn: number }[] = []
    const add = async ({ id }: { id: number }, _delay: number, turn = 0) => void added.push({ id, turn })
    const [last] = await store.list('run', { repository: one })
    await reconcilerOver({ add, front: async () => 0 }).sweep()
    expect(added.length).toBeGreaterThan(600)
    expect(added.find(({ id }) => id === last?.id)?.turn).toBe(1)
    // What waits in the queue is not lost: then one look is enough.
    added.length = 0
    await reconcilerOver({ add, front: async () => 7 }).sweep()
    expect(added.some(({ id }) => id === last?.id)).toBe(false)
    await store.transaction(async (tx) => {
      const runs = await tx.list('run', { repository: [many, one] }, 1_000)
      for (const run of runs) await tx.update('run', { ...run, state: 'superseded', nextAt: null })
    })
  })

  it('sweeps again and again until it is closed, whatever the queue does', async () => {
    await store.transaction((tx) => tx.insert('run', someRun({ nextAt: null })))
    let broken = false
    let calls = 0
    const queue: Pick<Queue, 'add' | 'front'> = {
      front: async () => 0,
      add: async () => {
        calls += 1
        clock.now += 10_000
        if (broken) throw new Error('no Redis')
      },
    }
    const reconciler = reconcilerOver(queue, 5)
    await reconciler.start({ alone: true })
    for (const state of [true, false]) {
      broken = state
      const before = calls
      await until('it swept again', () => calls > before + 2)
    }
    await reconciler.close()
    const after = calls
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(calls).toBe(after)
  })
})

describeDatabases('a queue that lost everything', ({ make }) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await make()
  })
  afterAll(() => database.dispose())

  it('is rebuilt from the store, and every change comes to its end', async () => {
    const pool = await openPool(database.options)
    const store = await createStore(pool)
    const ports = { store, now: Date.now, log: silentLog }
    const lost = await openQueue({ pool, log: silentLog, name: 'steps', fresh: false })
    const relay = createRelay({ ...ports, queue: lost })
    for (let i = 0; i < 25; i += 1) await store.recordChange(someChange())
    await until('all are in the queue', async () => (await store.outbox(1)).length === 0)
    await relay.close()
    await lost.close()

    const queue = await openQueue({ pool, log: silentLog, name: 'steps', fresh: true })
    const calls = new Map<number, number>()
    const steps = stepsWith({
      match: async (row) => {
        calls.set(row.id, (calls.get(row.id) ?? 0) + 1)
        await store.transaction((tx) => tx.update('change', { ...row, state: 'ignored', reason: 'no trigger' }))
      },
    })
    const reconciler = createReconciler({ ...ports, queue })
    await reconciler.start({ alone: true })
    await queue.work(createRunner({ ...ports, queue, steps }).handle, 4)
    await until('all changes have ended', async () => (await store.countChanges())['ignored'] === 25)
    await reconciler.close()
    await queue.close()
    await store.close()
    expect([...calls.values()]).toEqual(Array.from({ length: 25 }, () => 1))
  })
})
