import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements: readonly RawBuilder<unknown>[] = [
  sql`alter table winnow.batch add column key text not null default ''`,
  sql`drop index winnow.batch_open`,
  sql`create unique index batch_open on winnow.batch (repository, pipeline, key) where state = 'open'`,
  sql`create index batch_line on winnow.batch (repository, pipeline, key, id)`,
  sql`create index run_pipeline on winnow.run (repository, pipeline, id)`,
  // What batches of before did not know: a reason, a marker, and which change they came of.
  sql`update winnow.batch set document = (
    jsonb_build_object('reason', '', 'marker', null, 'counted', '{}'::jsonb,
      'change', coalesce((select max(id) from winnow.change where change.batch = batch.id), 0))
    || document::jsonb)::json`,
]

/** Batches by key: one is open for each pipeline and key. */
export const batches: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await statement.execute(db)
  },
}
