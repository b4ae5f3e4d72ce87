import { sql } from 'kysely'
import type { Database } from './database.ts'

/** Whether a run of this identity was launched and is in an archive: its job id is used up. */
export const isArchivedIdentity = async (db: Database, identity: string): Promise<boolean> => {
  const { rows } = await sql`select from winnow.archived
    where kind = 'run' and key = sha256(convert_to(${identity}, 'UTF8')) limit 1`.execute(db)
  return rows.length > 0
}
