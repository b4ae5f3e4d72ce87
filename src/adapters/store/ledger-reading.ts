import { type SelectQueryBuilder, sql } from 'kysely'
import { type Account, archivedSum, type ChangeFilter, type LedgerReading } from '../../domain/ledger.ts'
import type { ParkedRow } from '../../domain/ports/work.ts'
import type { RefusalReason } from '../../domain/refusal.ts'
import { dayOf, type Time } from '../../domain/time.ts'
import type { Database } from './database.ts'
import { findBreaches } from './ledger-breaches.ts'
import { fromStored, withoutNul } from './rows.ts'
import type { Tables } from './schema.ts'

const dayLength = 86_400_000

/** Lists, sums and the account, over the pool. `parked` is the store's own. */
export const createLedgerReading = (
  db: Database,
  lane: number,
  parked: () => Promise<readonly ParkedRow[]>,
  now: () => Time,
): LedgerReading => ({
  findChanges: async (filter, limit, before) => {
    let query = narrow(db.selectFrom('change').selectAll('change'), filter).orderBy('change.id', 'desc').limit(limit)
    if (before !== undefined) query = query.where('change.id', '<', String(before))
    return (await query.execute()).map((stored) => fromStored('change', { ...stored }))
  },
  changesAfterRun: async (run) => {
    const rows = await db
      .selectFrom('change')
      .selectAll()
      .where(sql<boolean>`after_run = ${run}`)
      .orderBy('id')
      .limit(100)
      .execute()
    return rows.map((stored) => fromStored('change', { ...stored }))
  },
  sumChanges: async (filter, by) => {
    const column = sql.ref<string>(by)
    const rows = await narrow(
      db.selectFrom('change').select([column.as('name'), sql<string>`count(*)`.as('count')]),
      filter,
    )
      .groupBy(column)
      .execute()
    const sums = Object.fromEntries(rows.map(({ name, count }) => [name, Number(count)]))
    const archived = await countArchived(db, filter)
    return archived === 0 ? sums : { ...sums, [archivedSum]: archived }
  },
  account: async (since) => {
    const start = since === null ? null : dayOf(since) * dayLength
    const read = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
    const account = await read.execute((trx) => readAccount(trx, start, now()))
    return { ...account, parked: await parked() }
  },
  addRefusals: async (counts) => {
    if (counts.length === 0) return
    const rows = counts.map(
      ({ sender, reason, count }) => sql`(${withoutNul(sender)}, ${reason}, ${dayOf(now())}, ${lane}, ${count})`,
    )
    // All or none: whoever counts must not add some of them twice.
    await sql`insert into winnow.refused as known (sender, reason, day, lane, count) values ${sql.join(rows)}
      on conflict (sender, reason, day, lane) do update set count = known.count + excluded.count`.execute(db)
  },
})

type ChangeQuery<O> = SelectQueryBuilder<Tables, 'change', O>

const narrow = <O>(query: ChangeQuery<O>, filter: ChangeFilter): ChangeQuery<O> => {
  let narrowed = query
  for (const column of ['repository', 'state', 'kind', 'sender'] as const) {
    const wanted = filter[column]
    if (wanted !== undefined) narrowed = narrowed.where(sql<boolean>`change.${sql.ref(column)} = ${withoutNul(wanted)}`)
  }
  const { author, since, until, pipeline, search } = filter
  if (author !== undefined) narrowed = narrowed.where(sql<boolean>`change.author = ${withoutNul(author)}`)
  if (since !== undefined) narrowed = narrowed.where(sql<boolean>`change.received_at >= ${since}`)
  if (until !== undefined) narrowed = narrowed.where(sql<boolean>`change.received_at < ${until}`)
  if (pipeline !== undefined) narrowed = narrowed.where(ofPipeline(withoutNul(pipeline)))
  if (search !== undefined) narrowed = narrowed.where(mentions(withoutNul(search)))
  return narrowed
}

const ofPipeline = (pipeline: string) => sql<boolean>`(
  change.document -> 'cause' ->> 'pipeline' = ${pipeline}
  or exists (select from winnow.run where run.change = change.id and run.pipeline = ${pipeline})
  or exists (
    select from json_array_elements_text(coalesce(change.document -> 'batches', json_build_array(change.batch))) as joined
    join winnow.batch on batch.id = joined.value::bigint where batch.pipeline = ${pipeline}
  )
)`

/** In the values of the cause, not in its keys: `commit` is not in every push. Letters' case counts for nothing. */
const mentions = (text: string) => sql<boolean>`(
  strpos(lower(change.document ->> 'reason'), lower(${text})) > 0
  or exists (
    select from json_each_text(change.document -> 'cause') as part where strpos(lower(part.value), lower(${text})) > 0
  )
)`

/** What is left of an archived change answers these filters; by any other it is not counted. */
const countArchived = async (db: Database, filter: ChangeFilter): Promise<number> => {
  if (filter.author !== undefined || filter.pipeline !== undefined || filter.search !== undefined) return 0
  let query = db.selectFrom('archived').select(sql<string>`count(*)`.as('count')).where('kind', '=', 'change')
  if (filter.repository !== undefined) query = query.where('repository', '=', filter.repository)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  if (filter.kind !== undefined) query = query.where('cause', '=', filter.kind)
  if (filter.sender !== undefined) query = query.where('sender', '=', filter.sender)
  if (filter.since !== undefined) query = query.where('received_at', '>=', String(filter.since))
  if (filter.until !== undefined) query = query.where('received_at', '<', String(filter.until))
  return Number((await query.executeTakeFirstOrThrow()).count)
}

const readAccount = async (db: Database, start: Time | null, now: Time): Promise<Omit<Account, 'parked'>> => {
  const fromDay = start === null ? -(2 ** 31) : start / dayLength
  const from = start ?? Number.MIN_SAFE_INTEGER
  const { rows: acknowledged } = await sql<{ sender: string; count: string }>`
    select sender, sum(count) as count from winnow.acknowledged where day >= ${fromDay} group by 1 order by 1`.execute(
    db,
  )
  const { rows } = await sql<{ sender: string; state: string; archived: boolean; count: string }>`
    select sender, state, false as archived, count(*) as count from winnow.change
      where received_at >= ${from} group by 1, 2
    union all
    select sender, state, true, count(*) from winnow.archived
      where kind = 'change' and received_at >= ${from} group by 1, 2
    order by 1, 2`.execute(db)
  const { rows: refused } = await sql<{ sender: string; reason: RefusalReason; count: string }>`
    select sender, reason, sum(count) as count from winnow.refused where day >= ${fromDay} group by 1, 2 order by 1, 2`.execute(
    db,
  )
  return {
    since: start,
    acknowledged: acknowledged.map(counted),
    rows: rows.map(counted),
    refused: refused.map(counted),
    breaches: await findBreaches(db, now),
  }
}

const counted = <T extends { readonly count: string }>(row: T) => ({ ...row, count: Number(row.count) })
