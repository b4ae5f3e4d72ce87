import { sql } from 'kysely'
import type { Feed, FeedFault, FeedLedger, RefusedMessage } from '../../domain/feed.ts'
import { refusedMessagesKept } from '../../domain/feed.ts'
import type { Time } from '../../domain/time.ts'
import type { Database } from './database.ts'
import { storedJson, withoutNul } from './rows.ts'

interface FeedRow {
  readonly source: string
  readonly kind: Feed['kind']
  readonly state: Feed['state']
  readonly since: string
  readonly last_success: string | null
  readonly last_fault: (FeedFault & { at: Time }) | null
  readonly objects: string | null
  readonly told: string
  readonly refused: string
}

interface RefusedRow extends Omit<RefusedMessage, 'at' | 'publishedAt'> {
  readonly at: string
  readonly published_at: string | null
}

/** The feeds in the store; times are those of `now`. */
export const createFeedLedger = (db: Database, now: () => Time): FeedLedger => {
  return {
    claimFeed: async ({ source, kind }, { owner, until, every }) => {
      const at = now()
      const { rows } = await sql<{ failures: number }>`
        insert into winnow.feed as f (source, kind, state, since, lease_owner, lease_until)
        values (${source}, ${kind}, 'waiting', ${at}, ${owner}, ${until})
        on conflict (source, kind) do update set lease_owner = excluded.lease_owner, lease_until = excluded.lease_until
        where (f.lease_until is null or f.lease_until <= ${at} or f.lease_owner = ${owner})
          and (f.next_at is null or f.next_at <= ${at} or f.next_at > ${at + every})
        returning failures`.execute(db)
      return rows[0]
    },
    extendFeed: async ({ source, kind }, owner, until) => {
      const { rows } = await sql`
        update winnow.feed set lease_until = ${until}
        where source = ${source} and kind = ${kind} and lease_owner = ${owner} returning source`.execute(db)
      return rows.length > 0
    },
    settleFeed: async ({ source, kind }, { told, refused, objects, fault, nextAt }) => {
      const at = now()
      const state = fault === null ? 'working' : 'failing'
      await sql`
        insert into winnow.feed (source, kind, state, since) values (${source}, ${kind}, 'waiting', ${at})
        on conflict do nothing`.execute(db)
      const { rows } = await sql<{ before: Feed['state'] }>`
        update winnow.feed f set state = ${state}, since = case when f.state = ${state} then f.since else ${at} end,
          last_success = case when ${fault === null} then ${at} else f.last_success end,
          last_fault = coalesce(${fault === null ? null : storedJson({ ...fault, at })}::json, f.last_fault),
          failures = case when ${fault === null} then 0 else f.failures + 1 end,
          objects = coalesce(${objects}, f.objects), told = f.told + ${told}, refused = f.refused + ${refused},
          next_at = ${nextAt}, lease_owner = null, lease_until = null
        from (select state from winnow.feed where source = ${source} and kind = ${kind} for update) as was
        where f.source = ${source} and f.kind = ${kind} returning was.state as before`.execute(db)
      return rows[0] ?? { before: 'waiting' }
    },
    feeds: async () => {
      const { rows } = await sql<FeedRow>`select * from winnow.feed order by source, kind desc`.execute(db)
      return rows.map((row) => ({
        source: row.source,
        kind: row.kind,
        state: row.state,
        since: Number(row.since),
        lastSuccess: numberOf(row.last_success),
        lastFault: row.last_fault,
        objects: numberOf(row.objects),
        told: Number(row.told),
        refused: Number(row.refused),
      }))
    },
    keepRefused: async ({ source, kind, id, at, publishedAt, reason, attributes, body }) => {
      const { rows } = await sql`
        insert into winnow.refused_message (source, kind, id, at, published_at, reason, attributes, body)
        values (${source}, ${kind}, ${withoutNul(id)}, ${at}, ${publishedAt}, ${withoutNul(reason)},
          ${storedJson(attributes)}, ${withoutNul(body)})
        on conflict do nothing returning id`.execute(db)
      await sql`
        delete from winnow.refused_message where source = ${source} and kind = ${kind} and at < (
          select at from winnow.refused_message where source = ${source} and kind = ${kind}
          order by at desc offset ${refusedMessagesKept - 1} limit 1)`.execute(db)
      return rows.length > 0
    },
    refusedMessages: async (source, limit) => {
      const { rows } = await sql<RefusedRow>`
        select * from winnow.refused_message where source = ${source} order by at desc, id limit ${limit}`.execute(db)
      return rows.map(({ published_at, at, ...row }) => ({
        ...row,
        at: Number(at),
        publishedAt: numberOf(published_at),
      }))
    },
  }
}

const numberOf = (value: string | null): number | null => (value === null ? null : Number(value))
