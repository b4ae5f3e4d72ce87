import { sql } from 'kysely'
import type { ArchivedRow, ArchiveFile, ArchiveLedger } from '../../domain/archive.ts'
import type { Change } from '../../domain/change.ts'
import { StaleRow } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import { archivableRows } from './archivable-rows.ts'
import type { Database } from './database.ts'
import { tableOf } from './reading.ts'
import { storedJson, withoutNul } from './rows.ts'

/** The store's side of archives, over the pool. */
export const createArchiveLedger = (db: Database): ArchiveLedger => ({
  archivable: async (before, changes) => {
    const read = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
    return read.execute((trx) => archivableRows(trx, before, changes))
  },
  takeOut: async (file, rows, at) => {
    try {
      await db.transaction().execute((trx) => takeOut(trx, file, rows, at))
      return true
    } catch (error) {
      if (error instanceof StaleRow) return false
      throw error
    }
  },
  archivedIn: async (kind, id) => {
    const found = await db
      .selectFrom('archived')
      .innerJoin('archive_file', 'archive_file.id', 'archived.file')
      .select('archive_file.name')
      .where('archived.kind', '=', kind)
      .where('row_id', '=', String(id))
      .executeTakeFirst()
    return found?.name
  },
  findArchivedChanges: async (filter, limit, before) => {
    let query = db.selectFrom('archived').select('row_id').where('kind', '=', 'change')
    const wanted = { repository: filter.repository, state: filter.state, cause: filter.kind, sender: filter.sender }
    for (const [column, value] of Object.entries(wanted))
      if (value !== undefined) query = query.where(sql<boolean>`${sql.ref(column)} = ${withoutNul(value)}`)
    if (filter.since !== undefined) query = query.where(sql<boolean>`received_at >= ${filter.since}`)
    if (filter.until !== undefined) query = query.where(sql<boolean>`received_at < ${filter.until}`)
    if (before !== undefined) query = query.where('row_id', '<', String(before))
    const rows = await query.orderBy('row_id', 'desc').limit(limit).execute()
    return rows.map(({ row_id }) => Number(row_id))
  },
})

/** Rows, their history and what is left in the outbox go; a line for each stays. One that was written since is StaleRow. */
const takeOut = async (
  db: Database,
  { name, digest, records }: ArchiveFile,
  rows: readonly ArchivedRow[],
  at: Time,
): Promise<void> => {
  const file = await db
    .insertInto('archive_file')
    .values({ name, digest, records, written_at: at })
    .returning('id')
    .executeTakeFirstOrThrow()
  for (const kind of new Set(rows.map((one) => one.kind))) {
    const ofKind = rows.filter((one) => one.kind === kind)
    const given = storedJson(ofKind.map(({ row: { id, version } }) => ({ id, version })))
    const taken = await sql`
      delete from ${sql.table(`winnow.${tableOf(kind)}`)} as gone
      using json_to_recordset(${given}::json) as given (id bigint, version bigint)
      where gone.id = given.id and gone.version = given.version returning gone.id`.execute(db)
    if (taken.rows.length < ofKind.length) throw new StaleRow(`a ${kind} was written while it was archived`)
    for (const table of ['history', 'outbox'] as const)
      await sql`
        delete from ${sql.table(`winnow.${table}`)} using json_to_recordset(${given}::json) as given (id bigint)
        where kind = ${kind} and row_id = given.id`.execute(db)
    await sql`
      insert into winnow.archived (kind, row_id, file, state, key, repository, cause, sender, received_at)
      select ${kind}, id, ${file.id}, state, sha256(convert_to(key, 'UTF8')), repository, cause, sender, received_at
      from json_to_recordset(${storedJson(ofKind.map(restOf))}::json) as rest
        (id bigint, state text, key text, repository text, cause text, sender text, received_at bigint)`.execute(db)
  }
}

/** What must still be known of a row: by its key it is recognised, by the rest it is counted and listed. */
const restOf = ({ kind, row }: ArchivedRow) => {
  const { id, state } = row
  if (kind === 'change') {
    const { dedupeKey: key, repository, cause, sender = 'winnow', receivedAt: received_at } = row as Change
    return { id, state, key, repository, cause: cause.kind, sender, received_at }
  }
  const { identity } = row as Run
  return kind === 'run' && state !== 'reused' ? { id, state, key: identity } : { id, state }
}
