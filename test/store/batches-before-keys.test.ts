import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createDatabase } from '../../src/adapters/store/database.ts'
import { migrations } from '../../src/adapters/store/migrations/index.ts'
import { schemaName } from '../../src/adapters/store/schema.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'

describeDatabases('batches of before they had keys', ({ make }) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await make()
  })
  afterEach(() => database.dispose())

  it('go on as they are: open ones join and close, with a change to name as the cause', async () => {
    const pool = await openPool(database.options)
    try {
      const before = Object.entries(migrations).filter(([name]) => name < '0004')
      const migrator = new Migrator({
        db: createDatabase(pool),
        provider: { getMigrations: async () => Object.fromEntries(before) },
        migrationTableSchema: schemaName,
      })
      expect((await migrator.migrateToLatest()).error).toBeUndefined()
      const objects = [{ uri: 'file:///a.csv', generation: '1', size: 3 }]
      const document = JSON.stringify({ openedAt: 5, lastObjectAt: 6, objects })
      await pool.query(
        `insert into winnow.batch (version, state, next_at, updated_at, document, repository, pipeline)
         values (3, 'open', 66, 6, '${document}', 'beans', 'beans'), (4, 'closed', null, 6, '${document}', 'beans', 'beans')`,
      )
      for (const key of ['a', 'b'])
        await pool.query(
          `insert into winnow.change (version, state, updated_at, document, repository, dedupe_key, batch)
           values (2, 'batched', 6, '{"receivedAt": 5, "sender": "folder", "cause": {"kind": "data"}}', 'beans', '${key}', 1)`,
        )
      const store = await createStore(pool)
      const sums = { objects: 1, bytes: 3, rows: 0, uncounted: 1 }
      const known = { repository: 'beans', pipeline: 'beans', key: '', reason: '', marker: null, counted: {}, sums }
      expect(await store.get('batch', 1)).toMatchObject({ ...known, state: 'open', version: 3, change: 2, nextAt: 66 })
      expect(await store.get('batch', 2)).toMatchObject({ ...known, state: 'closed', change: 0 })
      for (const batch of [1, 2]) expect(await store.objectsOf(batch, 10)).toEqual(objects)
    } finally {
      await pool.end()
    }
  })
})
