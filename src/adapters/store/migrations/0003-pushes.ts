import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The newest push of a ref is asked for with every push. */
export const pushes: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`create index change_push on winnow.change (repository, (document ->> 'ref'), id)
      where document ->> 'ref' is not null`.execute(db)
  },
}
