import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { rowTable } from './row-table.ts'

const statements: readonly RawBuilder<unknown>[] = [
  rowTable('pause', 'repository text not null, pipeline text'),
  sql`create unique index pause_open on winnow.pause (repository, coalesce(pipeline, '')) where state = 'paused'`,
  sql`create index pause_due on winnow.pause (state, next_at)`,
  // Which run wrote an object: its address names the job.
  sql`create index run_job on winnow.run (job_id) where job_id is not null`,
  // Whose turn it is, in the outbox and among the runs.
  sql`alter table winnow.outbox add column lane text not null default ''`,
  sql`create index outbox_lane on winnow.outbox (lane, sequence)`,
]

/** Pauses, and what fairness asks for: the lane of each entry in the outbox. */
export const flow: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await statement.execute(db)
  },
}
