import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { rowTable } from './row-table.ts'

const statements: readonly RawBuilder<unknown>[] = [
  rowTable('approval', 'verdict bigint not null, person text not null'),
  sql`create unique index approval_person on winnow.approval (verdict, person) where state = 'given'`,
  rowTable('override', 'repository text not null, environment text not null, run bigint not null'),
  sql`create index override_run on winnow.override (run)`,
  rowTable('hold', 'repository text not null, environment text not null'),
  sql`create unique index hold_open on winnow.hold (repository, environment) where state = 'held'`,
  // Of two workers that begin a release of one endpoint at once, the second finds its row stale and waits its turn.
  sql`create unique index release_active on winnow.release (target, (document ->> 'endpointName'))
    where state in ('registering', 'deploying', 'shifting', 'retiring', 'rollingBack')`,
  sql`create index change_retrain on winnow.change (repository, (document ->> 'model'), id)
    where document ->> 'model' is not null`,
]

/** What people decide: words on candidates, overrides, holds; and one release at a time for each endpoint. */
export const people: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await statement.execute(db)
  },
}
