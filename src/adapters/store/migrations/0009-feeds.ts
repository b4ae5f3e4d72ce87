import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements: readonly RawBuilder<unknown>[] = [
  sql`create table winnow.feed (
    source text not null,
    kind text not null,
    state text not null,
    since bigint not null,
    last_success bigint,
    last_fault json,
    failures integer not null default 0,
    objects bigint,
    told bigint not null default 0,
    refused bigint not null default 0,
    next_at bigint,
    lease_owner text,
    lease_until bigint,
    primary key (source, kind)
  )`,
  sql`create table winnow.refused_message (
    source text not null,
    kind text not null,
    id text not null,
    at bigint not null,
    published_at bigint,
    reason text not null,
    attributes json not null,
    body text not null,
    primary key (source, kind, id)
  )`,
  sql`create index refused_message_newest on winnow.refused_message (source, kind, at)`,
  sql`create table winnow.sighting (
    watch text not null,
    uri text not null,
    generation text not null,
    size bigint not null,
    primary key (watch, uri)
  )`,
]

/** How sources of data are asked for their news, what they said that was no news, and what was seen of them. */
export const feeds: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await statement.execute(db)
  },
}
