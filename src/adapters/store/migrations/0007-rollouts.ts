import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** A release that holds a step keeps its endpoint, too. */
export const rollouts: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`drop index if exists winnow.release_active`.execute(db)
    await sql`create unique index release_active on winnow.release (target, (document ->> 'endpointName'))
      where state in ('registering', 'deploying', 'shifting', 'holding', 'retiring', 'rollingBack')`.execute(db)
  },
}
