import { type RawBuilder, sql } from 'kysely'

/** A table of rows: the columns that every kind has (see schema.ts for what each is for) and the kind's own. */
export const rowTable = (name: string, own: string): RawBuilder<unknown> =>
  sql.raw(`create table winnow.${name} (
    id bigint generated always as identity primary key,
    version bigint not null,
    state text not null,
    next_at bigint,
    lease_until bigint,
    lease_version bigint,
    failures integer not null default 0,
    failed_version bigint,
    parked text,
    updated_at bigint not null,
    document json not null,
    ${own}
  )`)
