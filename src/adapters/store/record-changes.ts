import { sql } from 'kysely'
import type { Change } from '../../domain/change.ts'
import type { NewRow } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import type { Database } from './database.ts'
import { fromStored, type StoredRow, storedJson, toStored } from './rows.ts'

export interface Recorded {
  readonly change: Change
  readonly duplicate: boolean
}

/** What one telling came to: a change made of it, or the known one; of an archived one its number and its end are left. */
interface ToldRow {
  readonly told_id: string
  readonly told_again: boolean
  readonly known: StoredRow | null
  readonly archived_as: Change['state'] | null
}

/**
 * Several changes, each with its first history, its `match` job and its count; or the change that has its dedupe key, or
 * that told its push. What comes out is what recording them one after the other in this order gives. Pushes of one ref,
 * and tellings of one key, are recorded one after the other, by whomever: which push is the newest must not change in
 * between. One call, whole or not at all (migrations/0015-record-changes.ts).
 */
export const recordChanges = async (
  db: Database,
  rows: readonly NewRow<'change'>[],
  counter: number,
  now: Time,
): Promise<readonly Recorded[]> => {
  const given = rows.map((row) => toStored('change', row) as unknown as StoredChange)
  const told = storedJson(given.map(({ document: _document, ...columns }) => columns))
  const documents = `[${given.map(({ document }) => document).join(',')}]`
  const call = sql<ToldRow>`
    select * from winnow.record_changes(${told}::json, ${documents}::json, ${now}, ${counter})`
  const answers = await lookingAgain(async () => (await call.execute(db)).rows)
  return answers.map(({ told_id, told_again, known, archived_as }, i) => {
    const row = rows[i] as NewRow<'change'>
    if (known !== null) return { change: fromStored('change', known), duplicate: told_again }
    // The rest of an archived one is as it is told again now.
    if (archived_as !== null)
      return {
        change: { ...row, id: Number(told_id), version: 0, state: archived_as, reason: 'archived' },
        duplicate: true,
      }
    const { document, ...columns } = given[i] as StoredChange
    const stored = { ...columns, id: told_id, version: 1, document: JSON.parse(document) as object }
    return { change: fromStored('change', stored), duplicate: told_again }
  })
}

interface StoredChange {
  readonly document: string
}

/** A step may make a change of the same key between our look and our insert: it has committed by now. */
const lookingAgain = async <T>(work: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if ((error as { code?: unknown }).code !== '23505' || attempt === 10) throw error
    }
  }
}
