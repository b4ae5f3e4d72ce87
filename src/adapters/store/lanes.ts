import { type RawBuilder, sql } from 'kysely'
import type { RowKind } from '../../domain/ports/store.ts'
import type { OutboxEntry } from '../../domain/ports/work.ts'
import type { Database } from './database.ts'

const expressions: Partial<Readonly<Record<RowKind, RawBuilder<string>>>> = {
  change: sql`repository || ' ' || sender`,
  batch: sql`repository || ' ' || pipeline`,
  run: sql`repository || ' ' || pipeline`,
  verdict: sql`(select repository || ' ' || pipeline from winnow.run where run.id = verdict.run)`,
  release: sql`repository || ' ' || model`,
  pause: sql`repository`,
}

/** Whose work a row of this kind is: the lanes take turns, so that one with much to do keeps nobody else waiting. */
export const laneOf = (kind: RowKind): RawBuilder<string> => sql`coalesce(${expressions[kind] ?? sql`''`}, '')`

interface StoredEntry {
  readonly sequence: string
  readonly step: OutboxEntry['job']['step']
  readonly row_id: string
  readonly row_version: string
  readonly due_at: string | null
  readonly lane: string
}

/**
 * What was committed and is not in the queue yet: the first of each lane, then the second of each, and so on. The lanes
 * are found by leaping from one to the next in their index, so that a long one costs no more than it gives.
 */
export const readOutbox = async (db: Database, limit: number): Promise<readonly OutboxEntry[]> => {
  const { rows } = await sql<StoredEntry>`
    with recursive lanes (lane) as (
      (select lane from winnow.outbox order by lane limit 1)
      union all
      select (select after.lane from winnow.outbox after where after.lane > lanes.lane order by after.lane limit 1)
      from lanes where lanes.lane is not null
    )
    select entry.* from lanes cross join lateral (
      select first.*, row_number() over (order by sequence) as turn
      from (select * from winnow.outbox where lane = lanes.lane order by sequence limit ${limit}) first
    ) entry
    where lanes.lane is not null order by entry.turn, entry.sequence limit ${limit}`.execute(db)
  return rows.map((row) => ({
    sequence: Number(row.sequence),
    job: { step: row.step, id: Number(row.row_id), version: Number(row.row_version) },
    at: row.due_at === null ? null : Number(row.due_at),
    lane: row.lane,
  }))
}
