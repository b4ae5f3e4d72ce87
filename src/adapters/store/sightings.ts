import { sql } from 'kysely'
import type { Sightings } from '../../domain/feed.ts'
import type { Database } from './database.ts'
import { storedJson } from './rows.ts'

interface SightingRow {
  readonly uri: string
  readonly generation: string
  readonly size: string
}

/** Rows that one statement writes. */
const width = 5_000

/** A row for each object: what changes between two looks is little, however much there is. */
export const createSightings = (db: Database): Sightings => ({
  recallObjects: async (watch) => {
    const { rows } = await sql<SightingRow>`
      select uri, generation, size from winnow.sighting where watch = ${watch}`.execute(db)
    return new Map(rows.map(({ uri, generation, size }) => [uri, { uri, generation, size: Number(size) }]))
  },
  rememberObjects: async (watch, objects) => {
    for (let i = 0; i < objects.length; i += width) {
      const rows = objects.slice(i, i + width).map(({ uri, generation, size }) => ({ uri, generation, size }))
      await sql`
        insert into winnow.sighting (watch, uri, generation, size)
        select ${watch}, uri, generation, size
        from json_to_recordset(${storedJson(rows)}::json) as seen (uri text, generation text, size bigint)
        on conflict (watch, uri) do update set generation = excluded.generation, size = excluded.size`.execute(db)
    }
  },
  forgetObjects: async (watch, objects) => {
    for (let i = 0; i < objects.length; i += width) {
      const rows = objects.slice(i, i + width).map(({ uri, generation }) => ({ uri, generation }))
      await sql`
        delete from winnow.sighting s using json_to_recordset(${storedJson(rows)}::json) as gone (uri text, generation text)
        where s.watch = ${watch} and s.uri = gone.uri and s.generation = gone.generation`.execute(db)
    }
  },
  forgetOtherWatches: async (start, watches) => {
    await sql`
      delete from winnow.sighting where starts_with(watch, ${start})
        and watch <> all (select json_array_elements_text(${storedJson(watches)}::json))`.execute(db)
  },
})
