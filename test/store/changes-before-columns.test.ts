import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DatabasePool } from '../../src/adapters/database-pool.ts'
import { createDatabase } from '../../src/adapters/store/database.ts'
import { migrations } from '../../src/adapters/store/migrations/index.ts'
import { schemaName } from '../../src/adapters/store/schema.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import type { Change } from '../../src/domain/change.ts'
import type { NewRow } from '../../src/domain/ports/store.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'
import { someChange } from './rows.ts'

const ref = 'refs/heads/main'
const push = { kind: 'push', ref, before: 'a'.repeat(40), commit: 'b'.repeat(40), deleted: false } as const
const data = { kind: 'data', pipeline: null, uri: 'file:///a.csv', generation: '1', size: 3 } as const

/** Each of a kind of its own, as it was written before what it is looked for by had columns. */
const rows: Readonly<Record<string, NewRow<'change'>>> = {
  polled: someChange({ cause: push, ref, sender: 'poll', receivedAt: 10 }),
  retrain: someChange({
    cause: { kind: 'retrain', pipeline: 'beans', run: 7, attempt: 1 },
    model: 'beans',
    author: 'winnow',
    receivedAt: 20,
  }),
  replay: someChange({ cause: push, ref: null, replayOf: 1, sender: 'github', author: 'ada', receivedAt: 30 }),
  batched: someChange({ cause: data, sender: 'pubsub', state: 'batched', batch: 1, batches: [1, 2], receivedAt: 40 }),
  alone: someChange({ cause: data, sender: 'pubsub', state: 'batched', batch: 1, batches: [1], receivedAt: 50.5 }),
}
const names = Object.keys(rows)

const writeAsBefore = async (pool: DatabasePool, row: NewRow<'change'>): Promise<void> => {
  const { repository, dedupeKey, state, batch, nextAt, ...document } = row
  await pool.query(
    `insert into winnow.change (version, updated_at, repository, dedupe_key, state, batch, next_at, document)
     values (1, 5, $1, $2, $3, $4, $5, $6)`,
    [repository, dedupeKey, state, batch, nextAt, JSON.stringify(document)],
  )
}

describeDatabases('changes of before their columns', ({ make }) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await make()
  })
  afterEach(() => database.dispose())

  it('are found as they were, and like those that are written now', async () => {
    const pool = await openPool(database.options)
    try {
      const before = Object.entries(migrations).filter(([name]) => name < '0015')
      const migrator = new Migrator({
        db: createDatabase(pool),
        provider: { getMigrations: async () => Object.fromEntries(before) },
        migrationTableSchema: schemaName,
      })
      expect((await migrator.migrateToLatest()).error).toBeUndefined()
      for (const row of Object.values(rows)) await writeAsBefore(pool, row)

      const store = await createStore(pool)
      const columns = 'kind, sender, author, received_at, ref, model, replay_of, after_run, batches'
      const stored = async (ids: string) =>
        (await pool.query(`select ${columns} from winnow.change where id ${ids} order by id`)).rows
      await store.transaction(async (tx) => {
        for (const row of Object.values(rows))
          await tx.insert('change', { ...row, dedupeKey: `${row.dedupeKey} again`, repository: 'elsewhere' })
      })
      expect(await stored(`<= ${names.length}`)).toEqual(await stored(`> ${names.length}`))

      const of = (changes: readonly Change[]) =>
        changes.filter(({ repository }) => repository !== 'elsewhere').map(({ id }) => names[id - 1])
      expect(of(await store.list('change', { ref }))).toEqual(['polled'])
      expect(of(await store.list('change', { model: 'beans' }))).toEqual(['retrain'])
      expect(of(await store.list('change', { replayOf: 1 }))).toEqual(['replay'])
      expect(of(await store.changesAfterRun(7))).toEqual(['retrain'])
      expect(of(await store.findChanges({ kind: 'data', since: 40, until: 50 }, 10))).toEqual(['batched'])
      expect(of(await store.findChanges({ sender: 'winnow' }, 10))).toEqual(['retrain'])
      expect(of(await store.findChanges({ author: 'ada' }, 10))).toEqual(['replay'])
      for (const [i, row] of Object.values(rows).entries()) {
        expect(await store.get('change', i + 1)).toEqual({ ...row, id: i + 1, version: 1 })
        expect(await store.recordChange(row)).toMatchObject({ change: { id: i + 1 }, duplicate: true })
      }
      const late = someChange({ ...rows['polled'], sender: 'github', dedupeKey: 'told by the host, too' })
      expect(await store.recordChange(late)).toMatchObject({ change: { id: 1 }, duplicate: true })
    } finally {
      await pool.end()
    }
  })
})
