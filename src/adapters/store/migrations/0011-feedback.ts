import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Labels that became known of requests to endpoints. */
export const feedback: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`create table winnow.feedback (
      target text not null,
      endpoint text not null,
      request text not null,
      at bigint not null,
      labels json not null,
      primary key (target, endpoint, request)
    )`.execute(db)
    await sql`create index feedback_at on winnow.feedback (target, endpoint, at)`.execute(db)
  },
}
