import { sql } from 'kysely'
import {
  type HistoryEntry,
  type NewRow,
  type RowKind,
  type Rows,
  StaleRow,
  type Step,
  steps,
  type Transaction,
} from '../../domain/ports/store.ts'
import { dayOf, type Time } from '../../domain/time.ts'
import { isArchivedIdentity } from './archived-identity.ts'
import { createObjectWriting } from './batch-objects.ts'
import type { Database } from './database.ts'
import { laneOf } from './lanes.ts'
import { createReading, tableOf } from './reading.ts'
import { columnType, fromStored, toStored, toUpdated, updatedColumns, withoutNul } from './rows.ts'

export interface OpenTransaction {
  readonly tx: Transaction
  /** Writes the outbox, as the last thing before the commit; the number of its entries. */
  flush(): Promise<number>
}

/** Keeps the names of our locks apart from those of whoever shares the database. */
const lockSpace = 0x77696e

interface Wish {
  readonly step: Step
  readonly id: number
  readonly at: Time | null
}

/** The Transaction port over an open transaction of the database. */
export const openTransaction = (db: Database, lane: number, now: Time): OpenTransaction => {
  const wishes = new Map<string, Wish>()

  const insert = async <K extends RowKind>(kind: K, row: NewRow<K>): Promise<Rows[K]> => {
    const stored = await db
      .insertInto(tableOf(kind))
      .values(newRow(kind, row, now))
      .returningAll()
      .executeTakeFirstOrThrow()
    // A change that a step makes is acknowledged to whoever waits for that step.
    if (kind === 'change') await countAcknowledged(db, row as NewRow<'change'>, lane)
    return fromStored(kind, { ...stored })
  }

  const update = async <K extends RowKind>(kind: K, row: Rows[K]): Promise<Rows[K]> => {
    // A kind without nextAt may have been postponed by the runner; now its step was done.
    const nextAt = columnType(kind, 'nextAt') === undefined ? { next_at: null } : {}
    const stored = await db
      .updateTable(tableOf(kind))
      .set({
        ...(toUpdated(kind, row) as { document: string }),
        ...nextAt,
        version: row.version + 1,
        parked: null,
        updated_at: now,
      })
      .where('id', '=', String(row.id))
      .where('version', '=', String(row.version))
      .returning(updatedColumns(kind).map((column) => sql.ref(column).as(column)))
      .executeTakeFirst()
    if (!stored) throw new StaleRow(`${kind} ${row.id} is not at version ${row.version} any more`)
    return { ...row, ...fromStored(kind, { ...stored }) }
  }

  const enqueue = async (step: Step, id: number, at?: Time): Promise<void> => {
    const key = `${step}.${id}`
    const earlier = wishes.get(key)
    const soonest =
      earlier && (earlier.at === null || at === undefined) ? null : Math.min(earlier?.at ?? Infinity, at ?? Infinity)
    wishes.set(key, { step, id, at: earlier ? soonest : (at ?? null) })
  }

  const record = async (entry: HistoryEntry): Promise<void> => {
    await db.insertInto('history').values(historyRow(entry)).execute()
  }

  const lock = async (name: string): Promise<void> => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${withoutNul(name)}, ${lockSpace}))`.execute(db)
  }

  const flush = async (): Promise<number> => {
    for (const { step, id, at } of wishes.values()) await insertOutbox(db, step, id, at)
    return wishes.size
  }

  const tx = { ...createReading(db), ...createObjectWriting(db), insert, update, enqueue, record, lock }
  return { tx: { ...tx, isArchivedIdentity: (identity) => isArchivedIdentity(db, identity) }, flush }
}

/** The values of a row that is inserted. */
export const newRow = <K extends RowKind>(kind: K, row: NewRow<K>, now: Time) => ({
  ...(toStored(kind, row) as { state: string; document: string }),
  version: 1,
  updated_at: now,
})

export const historyRow = (entry: HistoryEntry) => ({
  at: entry.at,
  kind: entry.kind,
  row_id: entry.id,
  from_state: entry.from,
  to_state: entry.to,
  actor: withoutNul(entry.by),
  why: withoutNul(entry.why),
})

const countAcknowledged = async (db: Database, change: NewRow<'change'>, lane: number): Promise<void> => {
  const { sender = 'winnow', receivedAt } = change
  await sql`insert into winnow.acknowledged as known (sender, day, lane, count)
    values (${withoutNul(sender)}, ${dayOf(receivedAt)}, ${lane}, 1)
    on conflict (sender, day, lane) do update set count = known.count + 1`.execute(db)
}

/** Asks for a step of a row at the version that it has now. */
export const insertOutbox = async (db: Database, step: Step, id: number, at: Time | null): Promise<void> => {
  const kind = steps[step]
  const { numAffectedRows } = await sql`insert into winnow.outbox (step, kind, row_id, row_version, due_at, lane)
    select ${step}, ${kind}, id, version, ${at}::bigint, ${laneOf(kind)} from ${sql.table(`winnow.${kind}`)} where id = ${id}`.execute(
    db,
  )
  if (numAffectedRows !== 1n) throw new Error(`${step} was enqueued for ${kind} ${id}, which is not there`)
}
