import { sql } from 'kysely'
import type { DataObject } from '../../domain/batch.ts'
import type { Reading, Transaction } from '../../domain/ports/store.ts'
import type { Database } from './database.ts'
import { storedJson } from './rows.ts'

type ReadObjects = Pick<Reading, 'objectsAt' | 'objectsOf'>
type WriteObjects = Pick<Transaction, 'putObjects' | 'removeObject'>

export interface StoredObject {
  readonly batch: string
  readonly uri: string
  readonly generation: string
  readonly size: string
  readonly checksum: string | null
  readonly rows: string | null
}

export const fromStoredObject = ({ uri, generation, size, checksum, rows }: StoredObject): DataObject => ({
  uri,
  generation,
  size: Number(size),
  ...(checksum === null ? {} : { checksum }),
  ...(rows === null ? {} : { rows: Number(rows) }),
})

/** Objects that one statement reads or writes. */
const width = 5_000

function* inParts<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += width) yield all.slice(i, i + width)
}

/** Addresses may be longer than what an index takes. */
const keyOf = (uri: string) => sql`sha256(convert_to((${storedJson([uri])}::json) ->> 0, 'UTF8'))`

export const createObjectReading = (db: Database): ReadObjects => ({
  objectsAt: async (batch, uris) => {
    const found: DataObject[] = []
    for (const part of inParts(uris)) {
      const { rows } = await sql<StoredObject>`
        select held.* from json_array_elements_text(${storedJson(part)}::json) as wanted (uri)
        join winnow.batch_object held on held.batch = ${batch} and held.key = sha256(convert_to(wanted.uri, 'UTF8'))`.execute(
        db,
      )
      found.push(...rows.map(fromStoredObject))
    }
    return found
  },
  objectsOf: async (batch, limit, after) => {
    const { rows } = await sql<StoredObject>`
      select * from winnow.batch_object where batch = ${batch}
        ${after === undefined ? sql`` : sql`and key > ${keyOf(after)}`}
      order by key limit ${limit}`.execute(db)
    return rows.map(fromStoredObject)
  },
})

export const createObjectWriting = (db: Database): WriteObjects => ({
  putObjects: async (batch, objects) => {
    for (const part of inParts(objects))
      await sql`
        insert into winnow.batch_object (batch, key, uri, generation, size, checksum, rows)
        select ${batch}, sha256(convert_to(uri, 'UTF8')), uri, generation, size, checksum, rows
        from json_to_recordset(${storedJson(part)}::json) as given
          (uri text, generation text, size bigint, checksum text, rows bigint)
        on conflict (batch, key) do update set
          generation = excluded.generation, size = excluded.size, checksum = excluded.checksum, rows = excluded.rows`.execute(
        db,
      )
  },
  removeObject: async (batch, uri) => {
    await sql`delete from winnow.batch_object where batch = ${batch} and key = ${keyOf(uri)}`.execute(db)
  },
})
