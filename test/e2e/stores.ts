import { Redis } from 'ioredis'
import { describe } from 'vitest'
import type { PoolOptions } from '../../src/adapters/store/open-pool.ts'
import { describeDatabases, missingService } from '../store/databases.ts'

/** Where a controller keeps its rows and its queue, each one's own. */
export interface Stores {
  /** What the controller's environment says of them. */
  readonly environment: Readonly<Record<string, string>>
  /** How the database is opened from here; embedded only while no controller runs. */
  readonly pool: (dataFolder: string) => PoolOptions
  dispose(): Promise<void>
}

const redisUrl = process.env['WINNOW_TEST_REDIS_URL']

export const embeddedStores = (): Stores => ({
  environment: {},
  pool: (dataFolder) => ({ folder: `${dataFolder}/store` }),
  dispose: async () => {},
})

/** A database of the Redis server that no other test file uses; emptied before and after. */
const emptyRedis = async (server: string, database: number): Promise<string> => {
  const url = new URL(server)
  url.pathname = `/${database}`
  const redis = new Redis(url.href)
  await redis.flushdb()
  await redis.quit()
  return url.href
}

/** Runs a suite on the embedded store, and where there are servers on PostgreSQL with Redis; `redisDatabase` is the file's own. */
export const describeStores = (
  title: string,
  redisDatabase: number,
  suite: (open: () => Promise<Stores>, server: boolean) => void,
): void => {
  if (redisUrl === undefined) missingService(`${title} with Redis`, 'WINNOW_TEST_REDIS_URL')
  describeDatabases(title, ({ server, make }) => {
    if (!server) return suite(async () => embeddedStores(), false)
    if (redisUrl === undefined) return describe.skip('needs Redis too', () => {})
    suite(async () => {
      const database = await make()
      const REDIS_URL = await emptyRedis(redisUrl, redisDatabase)
      return {
        environment: { DATABASE_URL: database.options.databaseUrl as string, REDIS_URL },
        pool: () => database.options,
        dispose: async () => {
          await emptyRedis(redisUrl, redisDatabase)
          await database.dispose()
        },
      }
    }, true)
  })
}
