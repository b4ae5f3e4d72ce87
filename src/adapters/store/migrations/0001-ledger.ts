import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { rowTable } from './row-table.ts'

const statements: readonly RawBuilder<unknown>[] = [
  rowTable('change', 'repository text not null, dedupe_key text not null unique, batch bigint'),
  rowTable('batch', 'repository text not null, pipeline text not null, run bigint'),
  sql`create unique index batch_open on winnow.batch (repository, pipeline) where state = 'open'`,
  rowTable('build', 'key text not null unique, repository text not null'),
  rowTable(
    'run',
    `change bigint not null, batch bigint, repository text not null, commit text not null, pipeline text not null,
    target text not null, model text, build bigint, identity text, job_id text`,
  ),
  sql`create unique index run_launched on winnow.run (identity) where state in ('launching', 'running', 'succeeded')`,
  sql`create index run_change on winnow.run (change)`,
  sql`create index run_identity on winnow.run (identity)`,
  rowTable('verdict', 'run bigint not null unique'),
  rowTable(
    'release',
    `verdict bigint not null, run bigint not null, repository text not null, model text not null,
    environment text not null, target text not null`,
  ),
  sql`create index release_verdict on winnow.release (verdict)`,
  sql`create index release_environment on winnow.release (environment, model, state)`,
  ...['change', 'batch', 'build', 'run', 'verdict', 'release'].map((kind) =>
    sql.raw(`create index ${kind}_due on winnow.${kind} (state, next_at)`),
  ),
  sql`create table winnow.outbox (
    sequence bigint generated always as identity primary key,
    step text not null,
    kind text not null,
    row_id bigint not null,
    row_version bigint not null,
    due_at bigint
  )`,
  sql`create index outbox_row on winnow.outbox (kind, row_id)`,
  sql`create table winnow.history (
    sequence bigint generated always as identity primary key,
    at bigint not null,
    kind text not null,
    row_id bigint not null,
    from_state text,
    to_state text not null,
    actor text not null,
    why text not null
  )`,
  sql`create index history_row on winnow.history (kind, row_id, sequence)`,
  sql`create table winnow.setting (key text primary key, value json not null)`,
]

/** The ledger: rows that move through states, what is to be queued, what happened, small durable facts. Times are milliseconds since 1970. */
export const ledger: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await statement.execute(db)
  },
}
