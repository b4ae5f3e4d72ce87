import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The manifest of a run beside its document: it may have many thousand objects, and the run is written again at every look. */
export const runManifests: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`alter table winnow.run add column manifest json not null default '[]'`.execute(db)
    await sql`update winnow.run set manifest = document -> 'manifest' where json_array_length(document -> 'manifest') > 0`.execute(
      db,
    )
  },
}
