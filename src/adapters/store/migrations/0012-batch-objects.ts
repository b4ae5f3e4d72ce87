import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements: readonly RawBuilder<unknown>[] = [
  // `key`: digest of the address, which may be longer than what an index takes.
  sql`create table winnow.batch_object (
    batch bigint not null references winnow.batch (id) on delete cascade,
    key bytea not null,
    uri text not null,
    generation text not null,
    size bigint not null,
    checksum text,
    rows bigint,
    primary key (batch, key)
  )`,
  sql`insert into winnow.batch_object (batch, key, uri, generation, size, checksum, rows)
    select batch.id, sha256(convert_to(object.uri, 'UTF8')), object.* from winnow.batch, json_to_recordset(document -> 'objects')
      as object (uri text, generation text, size bigint, checksum text, rows bigint)`,
  // Of a table the rows count that the batch before had not read, and all of one that has fewer than then.
  sql`with held as (
      select object.*, (document -> 'counted' ->> uri)::numeric as before, uri like 'bq:%' as is_table
      from winnow.batch_object object join winnow.batch on batch.id = object.batch
    ), sums as (
      select batch, count(*) as objects, sum(size) as bytes, count(*) filter (where rows is null) as uncounted,
        sum(case when is_table and rows >= before then rows - before else coalesce(rows, 0) end) as rows
      from held group by batch
    )
    update winnow.batch set document = (batch.document::jsonb - 'objects' || jsonb_build_object('sums', jsonb_build_object(
      'objects', coalesce(sums.objects, 0), 'bytes', coalesce(sums.bytes, 0),
      'rows', coalesce(sums.rows, 0), 'uncounted', coalesce(sums.uncounted, 0)
    )))::json
    from winnow.batch known left join sums on sums.batch = known.id where known.id = batch.id`,
  // Few objects are asked for by several triggers; those are found by every batch that they joined.
  sql`create index change_batches on winnow.change using gin (((document -> 'batches')::jsonb))
    where json_array_length(document -> 'batches') > 1`,
]

/** The objects of batches in a table of their own, and beside each batch what they come to (docs/adr/0012). */
export const batchObjects: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await statement.execute(db)
  },
}
