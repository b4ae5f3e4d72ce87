import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatabasePool } from '../../src/adapters/database-pool.ts'
import { createDatabase } from '../../src/adapters/store/database.ts'
import { recordChanges } from '../../src/adapters/store/record-changes.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import { type Change, isToldAlready, pollSender } from '../../src/domain/change.ts'
import type { NewRow } from '../../src/domain/ports/store.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'
import { someChange, unique } from './rows.ts'

/** Resolves once somebody waits for another one's transaction. */
const untilBlocked = async (pool: DatabasePool): Promise<void> => {
  const waiting = 'select count(*) from pg_locks where not granted'
  while (Number((await pool.query(waiting)).rows[0]?.['count']) === 0) await new Promise(setImmediate)
}

const commit = (n: number): string => String(n).repeat(40)

/** What somebody says: of few refs, commits and keys, so that much of it is said twice. */
interface Told {
  readonly key: number
  readonly push: {
    readonly ref: number
    readonly before: number
    readonly commit: number
    readonly poll: boolean
  } | null
}

const told = (key: number, poll: boolean, commit: number): Told => ({
  key,
  push: { ref: 0, before: commit, commit, poll },
})

const tellings: fc.Arbitrary<readonly Told[]> = fc.array(
  fc.record({
    key: fc.nat(7),
    push: fc.option(
      fc.record({
        ref: fc.nat(1),
        before: fc.integer({ min: 1, max: 3 }),
        commit: fc.integer({ min: 1, max: 3 }),
        poll: fc.boolean(),
      }),
    ),
  }),
  { minLength: 1, maxLength: 30 },
)

const rowOf = (repository: string, { key, push }: Told): NewRow<'change'> => {
  const common = { repository, dedupeKey: `${repository} ${key}` }
  if (push === null)
    return someChange({ ...common, sender: 'events', cause: { kind: 'request', pipeline: 'beans', by: 'grace' } })
  const ref = `refs/heads/b${push.ref}`
  return someChange({
    ...common,
    ref,
    sender: push.poll ? pollSender : 'github',
    cause: { kind: 'push', ref, before: commit(push.before), commit: commit(push.commit), deleted: false },
  })
}

describeDatabases('changes that come at once', ({ make, server }) => {
  let database: TestDatabase
  let pools: DatabasePool[]
  let stores: OpenStore[]
  beforeAll(async () => {
    database = await make()
    pools = [await openPool(database.options), ...(server ? [await openPool(database.options)] : [])]
    stores = []
    for (const pool of pools) stores.push(await createStore(pool, () => 5_000))
  })
  afterAll(async () => {
    for (const store of stores) await store.close()
    await database.dispose()
  })
  const first = () => stores[0] as OpenStore

  /** Which of what was told made a change, and which repeats the change of which. */
  const accountOf = async (repository: string, results: readonly { change: { id: number }; duplicate: boolean }[]) => {
    const ids = [...new Set(results.map(({ change }) => change.id))].sort((a, b) => a - b)
    const rows = await first().list('change', { repository }, 1_000)
    expect(rows.map(({ id }) => id).reverse()).toEqual(ids)
    const queued = (await first().outbox(1_000_000)).filter(({ job }) => ids.includes(job.id))
    expect(queued.map(({ job }) => job).sort((a, b) => a.id - b.id)).toEqual(
      ids.map((id) => ({ step: 'match', id, version: 1 })),
    )
    for (const id of ids)
      expect(await first().history('change', id)).toMatchObject([
        { from: null, to: 'recorded', by: 'grace', at: 5_000 },
      ])
    // Whose change each came to: of one ref in the order of telling, of several in any.
    const firstOf = (id: number) => results.findIndex(({ change }) => change.id === id)
    return results.map(({ change, duplicate }) => ({ change: firstOf(change.id), duplicate }))
  }

  it('become what they would one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(tellings, async (told) => {
        const [alone, together] = [unique('alone'), unique('together')]
        const expected = []
        for (const one of told) expected.push(await first().recordChange(rowOf(alone, one)))
        const results = await Promise.all(told.map((one) => first().recordChange(rowOf(together, one))))
        expect(await accountOf(together, results)).toEqual(await accountOf(alone, expected))
      }),
      { numRuns: 15 },
    )
  })

  it('are those that the rules of the domain make of them', async () => {
    await fc.assert(
      fc.asyncProperty(tellings, async (told) => {
        const repository = unique('rules')
        const made: { readonly row: NewRow<'change'>; readonly at: number }[] = []
        const expected = told.map((one, i) => {
          const row = rowOf(repository, one)
          const newest = made.findLast(({ row: { ref } }) => ref !== undefined && ref === row.ref)
          const known =
            newest !== undefined && isToldAlready(newest.row as Change, row)
              ? newest
              : made.find(({ row: { dedupeKey } }) => dedupeKey === row.dedupeKey)
          if (known !== undefined) return { change: known.at, duplicate: true }
          made.push({ row, at: i })
          return { change: i, duplicate: false }
        })
        const results = await Promise.all(told.map((one) => first().recordChange(rowOf(repository, one))))
        expect(await accountOf(repository, results)).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })

  it.each<readonly [string, Told, Told, boolean]>([
    ['a key that was told in the same call', { key: 1, push: null }, { key: 1, push: null }, true],
    ['a push that the poll told', told(1, true, 1), told(2, false, 1), true],
    ['a push that the poll tells', told(1, false, 1), told(2, true, 1), true],
    ['the push after one that the poll told', told(1, true, 1), told(2, false, 2), false],
    ['a push that another host told', told(1, false, 1), told(2, false, 1), false],
  ])('know %s', async (_, earlier, later, duplicate) => {
    const repositories = [unique('one call'), unique('two calls')] as const
    const db = createDatabase(pools[0] as DatabasePool)
    const record = (repository: string, told: readonly Told[]) =>
      recordChanges(
        db,
        told.map((one) => rowOf(repository, one)),
        0,
        5_000,
      )
    const together = await record(repositories[0], [earlier, later])
    const apart = [...(await record(repositories[1], [earlier])), ...(await record(repositories[1], [later]))]
    for (const results of [together, apart]) {
      expect(results.map((one) => one.duplicate)).toEqual([false, duplicate])
      expect(results[0]?.change.id === results[1]?.change.id).toBe(duplicate)
    }
  })

  it('come back as they are stored', async () => {
    const repository = unique('same')
    const rows = [1, 2, 1].map((n) => someChange({ repository, dedupeKey: `${repository} ${n}`, author: `grace ${n}` }))
    for (const { change } of await Promise.all(rows.map((row) => first().recordChange(row))))
      expect(change).toEqual(await first().get('change', change.id))
  })

  it.runIf(server)('wait for a step that makes a change of the same key', async () => {
    const row = someChange({ repository: unique('step'), dedupeKey: unique('key of a step') })
    const [inserted, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const step = (stores[1] as OpenStore).transaction(async (tx) => {
      const change = await tx.insert('change', row)
      inserted.resolve()
      await goOn.promise
      return change
    })
    await inserted.promise
    const told = first().recordChange(row)
    await untilBlocked(pools[0] as DatabasePool)
    goOn.resolve()
    expect(await told).toMatchObject({ change: { id: (await step).id }, duplicate: true })
  })

  it.runIf(server)('are each one change where two processes are told all of them', async () => {
    await fc.assert(
      fc.asyncProperty(tellings, async (told) => {
        const repository = unique('both')
        const results = await Promise.all(
          stores.flatMap((store) => told.map((one) => store.recordChange(rowOf(repository, one)))),
        )
        await accountOf(repository, results)
        const made = results.filter(({ duplicate }) => !duplicate)
        expect(new Set(made.map(({ change }) => change.id)).size).toBe(made.length)
        expect(new Set(results.map(({ change }) => change.id)).size).toBe(made.length)
      }),
      { numRuns: 15 },
    )
  })

  it('are refused alone where they cannot be stored', async () => {
    const repository = unique('bad')
    // An index takes no key of that length; random, so that it cannot be pressed together.
    const long = Array.from({ length: 20_000 }, (_, i) =>
      String.fromCodePoint(0x4e00 + ((i * i * 7_919 + i * 31) % 20_000)),
    ).join('')
    const keys = ['a', 'b', long, 'c', 'd'].map((key) => `${repository} ${key}`)
    const results = await Promise.allSettled(
      keys.map((dedupeKey) => first().recordChange(someChange({ repository, dedupeKey }))),
    )
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    expect(await first().list('change', { repository })).toHaveLength(4)
  })

  describe('with text that PostgreSQL cannot hold', () => {
    it('are stored with a sign in its place, and found again', async () => {
      const repository = unique('nul \0 half \ud800')
      const row = someChange({ repository, dedupeKey: `${repository} \0 key`, author: 'gr\0ace', sender: 's\0' })
      const { change } = await first().recordChange(row)
      expect(await first().recordChange(row)).toEqual({ change, duplicate: true })
      expect(change).toMatchObject({
        author: 'gr\uFFFDace',
        repository: repository.replace('\0', '\uFFFD').replace('\ud800', '\uFFFD'),
      })
    })
  })
})
