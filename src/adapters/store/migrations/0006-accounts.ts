import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const kinds = ['change', 'batch', 'build', 'run', 'verdict', 'release']

const statements: readonly RawBuilder<unknown>[] = [
  // What lists and sums ask for; written by the database, so that no writer can forget them.
  sql`alter table winnow.change
    add column kind text generated always as (document -> 'cause' ->> 'kind') stored,
    add column sender text generated always as (coalesce(document ->> 'sender', 'winnow')) stored,
    add column received_at bigint generated always as (floor((document ->> 'receivedAt')::numeric)::bigint) stored`,
  sql`create index change_kind on winnow.change (kind, id)`,
  sql`create index change_received on winnow.change using brin (received_at)`,
  sql`create index change_batch on winnow.change (batch) where batch is not null`,
  sql`create index change_replay on winnow.change ((document ->> 'replayOf')) where document ->> 'replayOf' is not null`,
  sql`create index change_after_run on winnow.change ((document -> 'cause' ->> 'run'))
    where document -> 'cause' ->> 'run' is not null`,
  sql`create index run_batch on winnow.run (batch) where batch is not null`,
  sql`create index run_reused on winnow.run ((document ->> 'reusedRun')) where document ->> 'reusedRun' is not null`,
  sql`create index release_run on winnow.release (run)`,
  // A row that is not due yet is not looked at: of many that wait, a sweep reads the few whose time has come.
  ...kinds.flatMap((kind) => [
    sql.raw(`drop index winnow.${kind}_due`),
    sql.raw(`create index ${kind}_due on winnow.${kind} (state, (coalesce(next_at, 0)), id)`),
  ]),
  // How many changes were acknowledged: counted where they are recorded, never from the rows that they are compared with.
  sql`create table winnow.acknowledged (
    sender text not null, day integer not null, lane integer not null, count bigint not null,
    primary key (sender, day, lane)
  )`,
  sql`insert into winnow.acknowledged (sender, day, lane, count)
    select sender, received_at / 86400000, 0, count(*) from winnow.change group by 1, 2`,
  sql`create table winnow.refused (
    sender text not null, reason text not null, day integer not null, lane integer not null, count bigint not null,
    primary key (sender, reason, day, lane)
  )`,
  sql`create table winnow.archive_file (
    id bigint generated always as identity primary key,
    name text not null unique, digest text not null, records bigint not null, written_at bigint not null
  )`,
  // What is left here of a row that an archive holds. `key`: digest of its dedupe key, or of a run's identity.
  sql`create table winnow.archived (
    kind text not null, row_id bigint not null, file bigint not null, state text not null,
    key bytea, repository text, cause text, sender text, received_at bigint,
    primary key (kind, row_id)
  )`,
  sql`create index archived_key on winnow.archived (kind, key) where key is not null`,
]

/** The account: what lists and sums need, what was acknowledged and refused, and what went into archives. */
export const accounts: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await statement.execute(db)
  },
}
