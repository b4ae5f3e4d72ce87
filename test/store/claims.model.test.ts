import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import { StaleRow } from '../../src/domain/ports/store.ts'
import type { Run } from '../../src/domain/run.ts'
import { someRun } from '../fakes/rows.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'

/** What the store must do, as simply as it can be said: one row, its version, its lease. */
interface Model {
  version: number
  lease: { readonly version: number; readonly until: number } | null
  parked: boolean
  failures: number
  failedVersion: number
}

type Act =
  | { readonly do: 'claim'; readonly worker: number; readonly back: number; readonly length: number }
  | { readonly do: 'write'; readonly worker: number }
  | { readonly do: 'extend' | 'unclaim' | 'postpone' | 'park'; readonly worker: number }
  | { readonly do: 'wait'; readonly length: number }
  | { readonly do: 'void' | 'unpark' }

const worker = fc.integer({ min: 0, max: 2 })
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      worker,
      back: fc.constantFrom(0, 0, 0, 1),
      length: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), worker }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('extend' as const, 'unclaim' as const, 'postpone' as const, 'park' as const),
      worker,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), length: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('void' as const, 'unpark' as const) }) },
)

describeDatabases('claims and writes in any order', ({ make }) => {
  let database: TestDatabase
  let store: OpenStore
  let now = 1_000

  beforeAll(async () => {
    database = await make()
    store = await createStore(await openPool(database.options), () => now)
  })
  afterAll(async () => {
    await store.close()
    await database.dispose()
  })

  it('do what the model does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
        const { id } = await store.transaction((tx) => tx.insert('run', someRun()))
        const model: Model = { version: 1, lease: null, parked: false, failures: 0, failedVersion: 0 }
        /** What each worker believes: its row, and the version of its claim. */
        const held = new Map<number, { row: Run; claim: number }>()
        for (const step of acts) await perform(step, id, model, held)
        expect((await store.get('run', id))?.version).toBe(model.version)
      }),
      { numRuns: 60 },
    )
  })

  const perform = async (step: Act, id: number, model: Model, held: Map<number, { row: Run; claim: number }>) => {
    const mine = 'worker' in step ? held.get(step.worker) : undefined
    const owns = mine !== undefined && model.lease?.version === mine.claim
    switch (step.do) {
      case 'wait':
        now += step.length
        return
      case 'void':
        await store.voidLeases()
        model.lease = null
        return
      case 'unpark':
        await store.unparkAll()
        model.parked = false
        return
      case 'claim': {
        const version = model.version - step.back
        const free = (model.lease === null || model.lease.until <= now) && !model.parked && step.back === 0
        const row = await store.claim('run', id, version, now + step.length)
        expect(row !== undefined).toBe(free)
        if (!row) return
        model.failures = model.failedVersion === model.version ? model.failures : 0
        model.version += 1
        model.lease = { version: model.version, until: now + step.length }
        expect(row).toMatchObject({ version: model.version, failures: model.failures })
        held.set(step.worker, { row, claim: row.version })
        return
      }
      case 'write': {
        if (!mine) return
        const fresh = mine.row.version === model.version
        const written = await store
          .transaction((tx) => tx.update('run', { ...mine.row, reason: `worker ${step.worker}` }))
          .catch((error: unknown) => error)
        if (!fresh) return expect(written).toBeInstanceOf(StaleRow)
        model.version += 1
        model.parked = false
        // What the row says of its failures is the writer's to say; they are in a row only if nobody wrote since.
        model.failures = mine.row.failures
        held.set(step.worker, { row: written as Run, claim: mine.claim })
        return
      }
      case 'extend':
        if (!mine) return
        expect(await store.extend('run', id, mine.claim, now + 10)).toBe(owns)
        if (owns) model.lease = { version: mine.claim, until: now + 10 }
        return
      case 'unclaim':
        if (!mine) return
        expect(await store.unclaim('run', id, mine.claim)).toBe(owns)
        if (owns) model.lease = null
        return
      case 'postpone': {
        if (!mine) return
        const result = await store.postpone('watch', id, mine.claim, (failures) => now + failures)
        if (!owns) return expect(result).toBeUndefined()
        model.failures += 1
        model.version += 1
        model.failedVersion = model.version
        model.lease = null
        expect(result).toEqual({ failures: model.failures, at: now + model.failures })
        return
      }
      case 'park':
        if (!mine) return
        expect(await store.park('run', id, mine.claim, 'no')).toBe(owns)
        if (!owns) return
        model.version += 1
        model.parked = true
        model.lease = null
        return
    }
  }
})
