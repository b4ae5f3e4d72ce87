import { Migrator } from 'kysely/migration'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DatabasePool } from '../../src/adapters/database-pool.ts'
import { createDatabase } from '../../src/adapters/store/database.ts'
import { migrations } from '../../src/adapters/store/migrations/index.ts'
import { schemaName } from '../../src/adapters/store/schema.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import type { DataObject } from '../../src/domain/batch.ts'
import { objectPages } from '../../src/domain/batch-objects.ts'
import { sumsOf } from '../../src/domain/batch-sums.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'
import { insertBatch } from './rows.ts'

const object = (uri: string, over: Partial<DataObject> = {}): DataObject => ({
  uri,
  generation: '1',
  size: 10,
  ...over,
})

describeDatabases('the objects of a batch', ({ make }) => {
  let database: TestDatabase
  let pool: DatabasePool
  let store: OpenStore
  const old = [
    object('gs://a/1', { checksum: 'crc32c:AAAAAA==' }),
    object('bq://p.d.grown', { rows: 30 }),
    object('bq://p.d.anew', { rows: 5 }),
    object('s3://a/counted', { rows: 4 }),
  ]
  const counted = { 'bq://p.d.grown': 10, 'bq://p.d.anew': 20, 's3://a/counted': 3 }
  beforeAll(async () => {
    database = await make()
    pool = await openPool(database.options)
    const migrator = new Migrator({
      db: createDatabase(pool),
      provider: {
        getMigrations: async () => Object.fromEntries(Object.entries(migrations).filter(([n]) => n < '0012')),
      },
      migrationTableSchema: schemaName,
    })
    expect((await migrator.migrateToLatest()).error).toBeUndefined()
    for (const objects of [old, []])
      await pool.query(
        `insert into winnow.batch (version, state, updated_at, document, repository, pipeline) values (1, 'closed', 6, $1, 'r', 'p')`,
        [JSON.stringify({ reason: 'as it was', counted, marker: null, objects })],
      )
    store = await createStore(pool, () => 1_000)
  })
  afterAll(async () => {
    await store.close()
    await database.dispose()
  })
  const all = async (batch: number) => [...(await store.objectsOf(batch, 100))].sort((a, b) => (a.uri < b.uri ? -1 : 1))
  const put = (batch: number, objects: readonly DataObject[]) =>
    store.transaction((tx) => tx.putObjects(batch, objects))

  it('that were in its document are beside it after the migration, and it has their sums', async () => {
    expect(await all(1)).toEqual([...old].sort((a, b) => (a.uri < b.uri ? -1 : 1)))
    expect(await store.get('batch', 1)).toMatchObject({ reason: 'as it was', counted, sums: sumsOf(old, counted) })
    expect(await store.get('batch', 1)).not.toHaveProperty('objects')
    expect(await store.get('batch', 2)).toMatchObject({ sums: sumsOf([], counted) })
  })

  it('come back as they were put, each address once, and of no other batch', async () => {
    const [one, other] = [await insertBatch(store, []), await insertBatch(store, [])]
    const objects = [object('gs://a/ä 𝛌', { size: 2 ** 53 - 1, rows: 0 }), object('gs://a/b', { checksum: 'md5:x' })]
    await put(one.id, objects)
    await put(other.id, [object('gs://a/b', { generation: '9' })])
    expect(await all(one.id)).toEqual([objects[1], objects[0]])
    expect(await store.objectsAt(one.id, ['gs://a/b', 'gs://a/none'])).toEqual([objects[1]])
    const newer = object('gs://a/b', { generation: '2', size: 0 })
    await put(one.id, [newer])
    expect(await all(one.id)).toEqual([newer, objects[0]])
    await store.transaction((tx) => tx.removeObject(one.id, 'gs://a/ä 𝛌'))
    expect(await all(one.id)).toEqual([newer])
    expect(await all(other.id)).toEqual([object('gs://a/b', { generation: '9' })])
  })

  it('may have addresses that are longer than what an index takes', async () => {
    const { id } = await insertBatch(store, [])
    // Nothing of it can be squeezed.
    const long = Array.from({ length: 4_000 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000))).join('')
    const objects = ['a', 'b'].map((last) => object(`file:/${long}${last}`))
    await put(id, objects)
    expect(await all(id)).toEqual(objects)
    expect(await store.objectsAt(id, [objects[1]?.uri as string])).toEqual([objects[1]])
  })

  it('are read in pages that neither overlap nor skip, however many there are', async () => {
    const objects = Array.from({ length: 10_001 }, (_, i) => object(`gs://a/${i}`))
    const { id } = await insertBatch(store, objects)
    const pages: string[][] = []
    for await (const page of objectPages(store, id)) pages.push(page.map(({ uri }) => uri))
    expect(pages.map((page) => page.length)).toEqual([5_000, 5_000, 1])
    expect(new Set(pages.flat()).size).toBe(10_001)
    expect(await store.objectsAt(id, pages.flat())).toHaveLength(10_001)
    // As many as fill their pages exactly are not asked for again for ever.
    await store.transaction((tx) => tx.removeObject(id, 'gs://a/0'))
    let count = 0
    for await (const page of objectPages(store, id)) count += page.length
    expect(count).toBe(10_000)
  })

  it('are not there without it, and neither is half of a transaction', async () => {
    await expect(put(999_999, [object('gs://a/1')])).rejects.toThrow()
    const { id } = await insertBatch(store, [object('gs://a/1')])
    const failing = store.transaction(async (tx) => {
      await tx.putObjects(id, [object('gs://a/2')])
      throw new Error('half-way')
    })
    await expect(failing).rejects.toThrow('half-way')
    expect(await all(id)).toEqual([object('gs://a/1')])
    await pool.query('delete from winnow.batch where id = $1', [id])
    expect(await all(id)).toEqual([])
  })
})
