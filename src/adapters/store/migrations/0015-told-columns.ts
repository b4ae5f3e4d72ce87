import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { recordChanges } from './0015-record-changes.ts'

const statements: readonly RawBuilder<unknown>[] = [
  // A generated column and an index of an expression read the document anew, each with every row that is written.
  ...['push', 'retrain', 'replay', 'after_run', 'batches'].map((name) => sql.raw(`drop index winnow.change_${name}`)),
  sql`alter table winnow.change
    alter column kind drop expression, alter column kind set not null,
    alter column sender drop expression, alter column sender set not null,
    alter column received_at drop expression, alter column received_at set not null,
    add column author text, add column ref text, add column model text, add column replay_of bigint,
    add column after_run bigint, add column batches jsonb`,
  // As changes of type they are filled in one writing of the table, and its indexes are made once.
  sql`alter table winnow.change
    alter column author type text using document ->> 'author',
    alter column ref type text using document ->> 'ref',
    alter column model type text using document ->> 'model',
    alter column replay_of type bigint using (document ->> 'replayOf')::bigint,
    alter column after_run type bigint using (document -> 'cause' ->> 'run')::bigint,
    alter column batches type jsonb using
      case when json_array_length(document -> 'batches') > 1 then document -> 'batches' end::jsonb`,
  sql`create index change_push on winnow.change (repository, ref, id) where ref is not null`,
  sql`create index change_polled on winnow.change (repository, ref) where sender = 'poll'`,
  sql`create index change_retrain on winnow.change (repository, model, id) where model is not null`,
  sql`create index change_replay on winnow.change (replay_of) where replay_of is not null`,
  sql`create index change_after_run on winnow.change (after_run) where after_run is not null`,
  sql`create index change_batches on winnow.change using gin (batches) where batches is not null`,
  sql`drop function winnow.record_changes (json, json, bigint, integer)`,
  recordChanges,
]

/** What a change is looked for by stands in columns of its own, which the store writes; it is recorded by them. */
export const toldColumns: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await statement.execute(db)
  },
}
