import { sql } from 'kysely'
import type { Reading, RowKind, Rows, Where } from '../../domain/ports/store.ts'
import { createObjectReading } from './batch-objects.ts'
import type { Database } from './database.ts'
import { columnName, columnType, fromStored, withoutNul } from './rows.ts'
import { copiedFields } from './schema.ts'

/** All kinds have the shared columns; kysely is told of one, because it cannot follow a union of tables. */
export const tableOf = (kind: RowKind): 'change' => kind as 'change'

/** Reads over the pool, or inside a transaction. */
export const createReading = (db: Database): Reading => ({
  ...createObjectReading(db),
  get: async <K extends RowKind>(kind: K, id: number): Promise<Rows[K] | undefined> => {
    const stored = await db.selectFrom(tableOf(kind)).selectAll().where('id', '=', String(id)).executeTakeFirst()
    return stored && fromStored(kind, { ...stored })
  },
  list: async <K extends RowKind>(
    kind: K,
    where?: Where<K>,
    limit = 100,
    order: 'newest' | 'oldest' = 'newest',
  ): Promise<readonly Rows[K][]> => {
    const direction = order === 'newest' ? 'desc' : 'asc'
    let query = db.selectFrom(tableOf(kind)).selectAll().orderBy('id', direction).limit(limit)
    for (const [field, wanted] of Object.entries(where ?? {})) {
      if (wanted === undefined) continue
      query = query.where(condition(kind, field, wanted))
    }
    return (await query.execute()).map((stored) => fromStored(kind, { ...stored }))
  },
})

const isColumn = (kind: RowKind, field: string): boolean =>
  field === 'id' ||
  field === 'version' ||
  (copiedFields[kind] as readonly string[] | undefined)?.includes(field) === true

/** Equality with one value or any of several; fields without a column are looked for in the document. */
const condition = (kind: RowKind, field: string, wanted: unknown) => {
  const inDocument = columnType(kind, field) === undefined && !isColumn(kind, field)
  const value = inDocument ? sql`document ->> ${sql.lit(field)}` : sql.ref(columnName(field))
  const comparable = (one: unknown): unknown =>
    typeof one === 'string' ? withoutNul(one) : inDocument ? String(one) : one
  if (wanted === null) return sql<boolean>`${value} is null`
  if (!Array.isArray(wanted)) return sql<boolean>`${value} = ${comparable(wanted)}`
  if (wanted.length === 0) return sql<boolean>`false`
  return sql<boolean>`${value} in (${sql.join(wanted.map(comparable))})`
}
