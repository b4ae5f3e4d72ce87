import { sql } from 'kysely'
import { type RowKind, type Step, type Store, steps } from '../../domain/ports/store.ts'
import type { DueRow, ParkedRow, WorkLedger } from '../../domain/ports/work.ts'
import type { Time } from '../../domain/time.ts'
import type { Database } from './database.ts'
import { laneOf } from './lanes.ts'
import { tableOf } from './reading.ts'
import { fromStored, withoutNul } from './rows.ts'
import { historyRow, insertOutbox } from './transaction.ts'

type Claims = Pick<Store, 'claim' | 'extend'> & Omit<WorkLedger, 'outbox' | 'removeFromOutbox' | 'onEnqueued'>

const rowKinds: readonly RowKind[] = ['change', 'batch', 'build', 'run', 'verdict', 'release', 'pause']

/** Who works on which row, until when, and what was given up. */
export const createClaims = (db: Database, now: () => Time): Claims => {
  const claimedBy = (kind: RowKind, id: number, version: number) =>
    db
      .updateTable(tableOf(kind))
      .where('id', '=', String(id))
      .where('lease_version', '=', String(version))
      .where('lease_until', 'is not', null)

  return {
    claim: async (kind, id, version, until) => {
      const stored = await db
        .updateTable(tableOf(kind))
        .set({
          version: version + 1,
          lease_until: until,
          lease_version: version + 1,
          failures: sql<number>`case when failed_version = version then failures else 0 end`,
          updated_at: now(),
        })
        .where('id', '=', String(id))
        .where('version', '=', String(version))
        .where('parked', 'is', null)
        .where(sql<boolean>`(lease_until is null or lease_until <= ${now()})`)
        .returningAll()
        .executeTakeFirst()
      return stored && fromStored(kind, { ...stored })
    },
    extend: async (kind, id, version, until) => {
      const [result] = await claimedBy(kind, id, version).set({ lease_until: until }).execute()
      return result?.numUpdatedRows === 1n
    },
    unclaim: async (kind, id, version) => {
      const [result] = await claimedBy(kind, id, version).set({ lease_until: null, lease_version: null }).execute()
      return result?.numUpdatedRows === 1n
    },
    postpone: (step, id, version, at) => postpone(db, now(), step, id, version, at),
    park: (kind, id, version, message) => park(db, now(), kind, id, version, message),
    parked: async () => {
      const found: ParkedRow[] = []
      for (const kind of rowKinds) {
        const rows = await db
          .selectFrom(tableOf(kind))
          .select(['id', 'parked'])
          .where('parked', 'is not', null)
          .execute()
        for (const { id, parked } of rows) found.push({ kind, id: Number(id), message: parked ?? '' })
      }
      return found
    },
    unparkAll: () =>
      countOver(async (kind) =>
        db.updateTable(tableOf(kind)).set({ parked: null }).where('parked', 'is not', null).execute(),
      ),
    voidLeases: () =>
      countOver(async (kind) =>
        db
          .updateTable(tableOf(kind))
          .set({ lease_until: null, lease_version: null })
          .where('lease_until', 'is not', null)
          .execute(),
      ),
    due: async (kind, states, before, limit, skip = 0) => {
      if (states.length === 0) return []
      const rows = await db
        .selectFrom(tableOf(kind))
        .select(['id', 'version', 'state', laneOf(kind).as('lane')])
        .where('state', 'in', states)
        .where(sql<boolean>`coalesce(next_at, 0) <= ${before}`)
        .where('updated_at', '<=', String(before))
        .where('parked', 'is', null)
        .where(sql<boolean>`(lease_until is null or lease_until <= ${now()})`)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('outbox')
                .select('sequence')
                .where('outbox.kind', '=', kind)
                .whereRef('outbox.row_id', '=', `${tableOf(kind)}.id`),
            ),
          ),
        )
        .orderBy(sql`coalesce(next_at, 0)`)
        .orderBy('id')
        .limit(limit)
        .offset(skip)
        .execute()
      return rows.map(
        ({ id, version, state, lane }): DueRow => ({ id: Number(id), version: Number(version), state, lane }),
      )
    },
  }
}

const countOver = async (
  update: (kind: RowKind) => Promise<readonly { numUpdatedRows: bigint }[]>,
): Promise<number> => {
  let count = 0
  for (const kind of rowKinds) for (const { numUpdatedRows } of await update(kind)) count += Number(numUpdatedRows)
  return count
}

/** The row of a claim, locked until the transaction ends. */
const lockClaimed = (db: Database, kind: RowKind, id: number, version: number) =>
  db
    .selectFrom(tableOf(kind))
    .selectAll()
    .where('id', '=', String(id))
    .where('lease_version', '=', String(version))
    .where('lease_until', 'is not', null)
    .forUpdate()
    .executeTakeFirst()

const postpone = (db: Database, now: Time, step: Step, id: number, version: number, at: (failures: number) => Time) =>
  db.transaction().execute(async (trx) => {
    const kind = steps[step]
    const row = await lockClaimed(trx, kind, id, version)
    if (!row) return undefined
    const failures = row.failures + 1
    const next = Number(row.version) + 1
    const due = at(failures)
    await trx
      .updateTable(tableOf(kind))
      .set({
        version: next,
        failures,
        failed_version: next,
        next_at: due,
        lease_until: null,
        lease_version: null,
        updated_at: now,
      })
      .where('id', '=', String(id))
      .execute()
    await insertOutbox(trx, step, id, due)
    return { failures, at: due }
  })

const park = (db: Database, now: Time, kind: RowKind, id: number, version: number, message: string) =>
  db.transaction().execute(async (trx) => {
    const row = await lockClaimed(trx, kind, id, version)
    if (!row) return false
    await trx
      .updateTable(tableOf(kind))
      .set({
        version: Number(row.version) + 1,
        parked: withoutNul(message),
        lease_until: null,
        lease_version: null,
        updated_at: now,
      })
      .where('id', '=', String(id))
      .execute()
    const entry = { at: now, kind, id, from: row.state, to: row.state, by: 'winnow', why: `parked: ${message}` }
    await trx.insertInto('history').values(historyRow(entry)).execute()
    return true
  })

export const removeFromOutbox = async (db: Database, sequences: readonly number[]): Promise<void> => {
  if (sequences.length === 0) return
  await db.deleteFrom('outbox').where('sequence', 'in', sequences.map(String)).execute()
}
