import { type RawBuilder, sql } from 'kysely'
import type { Breach, LedgerRule } from '../../domain/ledger.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { Database } from './database.ts'

/** How many of the rows that break a rule are named. */
const mostNamed = 10

/** The relay looks every second, and longer where the queue is away: by then somebody should know. */
const longestInOutbox: Duration = 300_000

/** Each finds the rows that break its rule, as `what`, in the order of their numbers. */
const questions = (now: Time): Readonly<Record<LedgerRule, RawBuilder<{ what: string }>>> => ({
  launchedTwice: sql`
    select 'runs ' || string_agg(id::text, ' and ' order by id) as what, min(id) as id from (
      select id, sha256(convert_to(identity, 'UTF8')) as key from winnow.run
        where identity is not null and state <> 'reused'
      union all
      select row_id, key from winnow.archived where kind = 'run' and key is not null
    ) launched group by key having count(*) > 1`,
  startedWithoutRun: sql`
    select 'change ' || id as what, id from winnow.change
    where state = 'started' and not exists (select from winnow.run where run.change = change.id)`,
  // A newer generation of the object takes its place in the batch; a deletion, or that it is empty now, takes it out.
  notInItsBatch: sql`
    with member as materialized (
      select batch as id, uri from winnow.batch_object
      union select id, document -> 'marker' ->> 'uri' from winnow.batch
    ), told as materialized (
      select change.id, joined.batch::bigint as batch, document -> 'cause' ->> 'uri' as uri,
        document -> 'cause' ->> 'event' = 'deleted' or document -> 'cause' ->> 'size' = '0' as gone
      from winnow.change,
        json_array_elements_text(coalesce(document -> 'batches', json_build_array(batch))) as joined (batch)
      where state = 'batched'
    )
    select 'change ' || id as what, id from told
    where gone is not true
      and not exists (select from member where member.id = told.batch and member.uri = told.uri)
      and not exists (select from told later where later.gone and later.batch = told.batch and later.uri = told.uri)
      and not exists (select from winnow.archived where kind = 'batch' and row_id = told.batch)`,
  // Whoever replays an object puts it into a batch again, and a run that gives way hands its objects on.
  inTwoBatches: sql`
    with member as (
      select batch.id, repository, pipeline, uri, generation
      from winnow.batch join winnow.batch_object on batch_object.batch = batch.id
      where not exists (select from winnow.run where run.id = batch.run and run.state = 'superseded')
    )
    select uri || '#' || generation || ' in batches ' || string_agg(id::text, ' and ' order by id) as what, min(id) as id
    from member group by repository, pipeline, uri, generation having count(distinct id) > 1
      and not exists (
        select from winnow.change where replay_of is not null and document -> 'cause' ->> 'uri' = member.uri
      )`,
  // Past 2^53 a sum is not exact.
  sumsAreOff: sql`
    select 'batch ' || id as what, id from winnow.batch left join (
      select batch, count(*) as objects, sum(size) as bytes from winnow.batch_object group by batch
    ) held on held.batch = batch.id
    where (document -> 'sums' ->> 'objects')::numeric <> coalesce(held.objects, 0)
      or bytes < 9007199254740992 and (document -> 'sums' ->> 'bytes')::numeric <> bytes`,
  closedWithoutRun: sql`
    select 'batch ' || id as what, id from winnow.batch
    where state = 'closed' and not exists (select from winnow.run where run.id = batch.run)
      and not exists (select from winnow.archived where kind = 'run' and row_id = batch.run)`,
  runWithoutChange: sql`
    select 'run ' || id as what, id from winnow.run
    where not exists (select from winnow.change where change.id = run.change)
      and not exists (select from winnow.archived where kind = 'change' and row_id = run.change)`,
  keyTwice: sql`
    select 'change ' || id || ' and archived change ' || row_id as what, id from winnow.change
    join winnow.archived on archived.kind = 'change' and key = sha256(convert_to(dedupe_key, 'UTF8'))`,
  notQueued: sql`
    select step || ' of ' || kind || ' ' || row_id as what, sequence as id from winnow.outbox
    where coalesce(due_at, 0) < ${now - longestInOutbox} and coalesce(case kind
      when 'change' then (select updated_at from winnow.change where id = row_id)
      when 'batch' then (select updated_at from winnow.batch where id = row_id)
      when 'run' then (select updated_at from winnow.run where id = row_id)
      when 'verdict' then (select updated_at from winnow.verdict where id = row_id)
      when 'release' then (select updated_at from winnow.release where id = row_id)
    end, 0) < ${now - longestInOutbox}`,
})

/** The rules that do not hold, as of the moment of the transaction. */
export const findBreaches = async (db: Database, now: Time): Promise<readonly Breach[]> => {
  const breaches: Breach[] = []
  for (const [rule, question] of Object.entries(questions(now)) as [LedgerRule, RawBuilder<{ what: string }>][]) {
    const { rows } = await sql<{ what: string; count: string }>`
      select what, count(*) over () as count from (${question}) found order by id limit ${mostNamed}`.execute(db)
    const [first] = rows
    if (first !== undefined) breaches.push({ rule, count: Number(first.count), rows: rows.map(({ what }) => what) })
  }
  return breaches
}
