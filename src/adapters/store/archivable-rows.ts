import { type RawBuilder, sql } from 'kysely'
import type { ArchivedRow } from '../../domain/archive.ts'
import type { DataObject } from '../../domain/batch.ts'
import type { RowKind } from '../../domain/ports/store.ts'
import type { ReleaseState } from '../../domain/release.ts'
import { runEnded } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import { fromStoredObject, type StoredObject } from './batch-objects.ts'
import type { Database } from './database.ts'
import { fromStored, type StoredRow } from './rows.ts'

/** Nothing is served, waited for or to be mended any more. */
const releaseOver: readonly ReleaseState[] = ['rolledBack', 'superseded', 'refused', 'retired']

const oneOf = (states: readonly string[]) => sql.join(states.map((state) => sql.lit(state)))

const ended = (table: string, before: Time) => sql<boolean>`
  ${sql.ref(table)}.updated_at < ${before} and ${sql.ref(table)}.parked is null and ${sql.ref(table)}.lease_until is null`

/** A run that nobody works on, waits for, compares with or would take up again, and neither do those that came of it. */
const runOver = (before: Time) => sql<boolean>`
  run.state in (${oneOf(runEnded)}) and ${ended('run', before)}
  and not exists (
    select from winnow.verdict where verdict.run = run.id and (
      verdict.state = 'pending' or verdict.updated_at >= ${before}
      or verdict.document -> 'follows' ->> 'kind' in ('person', 'moreData')
    )
  )
  and not exists (
    select from winnow.release where release.run = run.id
      and (release.state not in (${oneOf(releaseOver)}) or release.updated_at >= ${before})
  )
  and not exists (
    select from winnow.release where release.state not in (${oneOf(releaseOver)})
      and release.document ->> 'latestRun' = run.id::text
  )
  and not exists (select from winnow.run other where other.document ->> 'reusedRun' = run.id::text)
  and not exists (
    select from winnow.change caused where caused.after_run = run.id and caused.state = 'recorded'
  )`

/** The newest push of a ref says where it stands, and the newest batch of a line what was read last: they stay. */
const changeOver = (before: Time) => sql<boolean>`
  change.state <> 'recorded' and ${ended('change', before)}
  and (change.ref is null or exists (
    select from winnow.change newer
    where newer.repository = change.repository and newer.ref = change.ref and newer.id > change.id
  ))
  and not exists (select from winnow.run where run.change = change.id and not (${runOver(before)}))
  and not exists (
    select from json_array_elements_text(coalesce(change.document -> 'batches', json_build_array(change.batch))) as joined
    join winnow.batch on batch.id = joined.value::bigint where not (
      batch.state <> 'open' and ${ended('batch', before)}
      and not exists (select from winnow.run where run.batch = batch.id and not (${runOver(before)}))
      and exists (
        select from winnow.batch newer where newer.repository = batch.repository and newer.pipeline = batch.pipeline
          and newer.key = batch.key and newer.id > batch.id
      )
    )
  )`

/** Whole stories, oldest first: changes and all that came of them. A batch goes with its run, an empty one with its last change. */
export const archivableRows = async (db: Database, before: Time, changes: number): Promise<readonly ArchivedRow[]> => {
  const rows: { kind: RowKind; stored: StoredRow }[] = []
  const read = async (kind: RowKind, where: RawBuilder<boolean>, limit = 1_000_000): Promise<readonly string[]> => {
    const { rows: found } = await sql<StoredRow>`
      select * from ${sql.raw(`winnow.${kind}`)} where ${where} order by id limit ${limit}`.execute(db)
    rows.push(...found.map((stored) => ({ kind, stored })))
    return found.map((stored) => String(stored['id']))
  }
  const ids = await read('change', changeOver(before), changes)
  if (ids.length === 0) return []
  const runs = await read('run', sql`change in (${idList(ids)})`)
  await read(
    'batch',
    sql`(run in (${idList(runs)}) or (
      run is null and id in (
        select joined.value::bigint from winnow.change,
          json_array_elements_text(coalesce(change.document -> 'batches', json_build_array(change.batch))) as joined
        where change.id in (${idList(ids)})
      )
      and not exists (select from winnow.change where change.batch = batch.id and change.id not in (${idList(ids)}))
      and not exists (
        select from winnow.change where batches @> to_jsonb(batch.id) and change.id not in (${idList(ids)})
      )
    ))`,
  )
  const verdicts = await read('verdict', sql`run in (${idList(runs)})`)
  await read('release', sql`run in (${idList(runs)})`)
  await read('approval', sql`verdict in (${idList(verdicts)})`)
  await read('override', sql`run in (${idList(runs)})`)
  return withHistory(db, rows)
}

/** Numbers that the store gave out itself; -1 is nobody's. */
const idList = (ids: readonly string[]) => sql.raw(ids.length === 0 ? '-1' : ids.join(', '))

const withHistory = async (
  db: Database,
  rows: readonly { readonly kind: RowKind; readonly stored: StoredRow }[],
): Promise<readonly ArchivedRow[]> => {
  const histories = new Map<string, ArchivedRow['history'][number][]>()
  for (const kind of new Set(rows.map((one) => one.kind))) {
    const ids = rows.filter((one) => one.kind === kind).map(({ stored }) => String(stored['id']))
    const entries = await db
      .selectFrom('history')
      .selectAll()
      .where('kind', '=', kind)
      .where(sql<boolean>`row_id in (${idList(ids)})`)
      .orderBy('sequence')
      .execute()
    for (const { at, row_id, from_state: from, to_state: to, actor: by, why } of entries) {
      const known = histories.get(`${kind} ${row_id}`) ?? []
      histories.set(`${kind} ${row_id}`, known)
      known.push({ at: Number(at), kind, id: Number(row_id), from, to, by, why })
    }
  }
  const batches = rows.filter(({ kind }) => kind === 'batch').map(({ stored }) => String(stored['id']))
  const objects = await readObjects(db, batches)
  return rows.map(({ kind, stored }) => ({
    kind,
    row: fromStored(kind, stored),
    history: histories.get(`${kind} ${stored['id']}`) ?? [],
    ...(kind === 'batch' ? { objects: objects.get(String(stored['id'])) ?? [] } : {}),
  }))
}

const readObjects = async (
  db: Database,
  batches: readonly string[],
): Promise<ReadonlyMap<string, readonly DataObject[]>> => {
  const { rows } = await sql<StoredObject>`
    select * from winnow.batch_object where batch in (${idList(batches)}) order by batch, key`.execute(db)
  const byBatch = new Map<string, DataObject[]>()
  for (const row of rows) {
    const known = byBatch.get(row.batch) ?? []
    byBatch.set(row.batch, known)
    known.push(fromStoredObject(row))
  }
  return byBatch
}
