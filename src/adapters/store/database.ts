import { Kysely, PostgresDialect, type PostgresPool } from 'kysely'
import type { DatabasePool, PoolClient } from '../database-pool.ts'
import { schemaName, type Tables } from './schema.ts'
import { isDatabaseAnswer, storeFault } from './store-faults.ts'

/** Our tables, or the same within a transaction. */
export type Database = Kysely<Tables>

/** kysely over the pool. A connection that cannot be had, or breaks, is the Fault store_unavailable, whatever the driver raises. */
export const createDatabase = (pool: DatabasePool): Database => {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw isDatabaseAnswer(error) ? error : storeFault(error)
    }
  }
  const guardClient = (client: PoolClient): object => ({
    query: (text: string, values?: readonly unknown[]) => guarded(() => client.query(text, values)),
    release: () => client.release(),
  })
  const guardedPool = {
    options: pool.options,
    connect: async () => {
      try {
        return guardClient(await pool.connect())
      } catch (error) {
        throw storeFault(error)
      }
    },
    // The pool is its opener's to end.
    end: async () => {},
  }
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: guardedPool as unknown as PostgresPool }),
  }).withSchema(schemaName)
}
