import { mkdir } from 'node:fs/promises'
import pg from 'pg'
import { Fault } from '../../domain/errors.ts'
import type { DatabasePool } from '../database-pool.ts'
import { openEmbeddedPool } from './embedded-pool.ts'

export interface PoolOptions {
  /** A PostgreSQL server; without it the database is kept in `folder`, in this process. */
  readonly databaseUrl?: string
  readonly folder: string
  /** Told of connections that broke while no query ran; the pool replaces them by itself. */
  readonly onError?: (error: Error) => void
}

/**
 * Opens the one database of this process, for the store and for the queue where there is no Redis.
 * BullMQ's tables are found by the search path (its schema is `bullmq`); ours are always named with their schema.
 * Faults: store_unavailable, data_folder_locked, disk_full, config_invalid.
 */
export const openPool = async ({ databaseUrl, folder, onError = () => {} }: PoolOptions): Promise<DatabasePool> => {
  if (databaseUrl === undefined) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return openEmbeddedPool(folder)
  }
  const pool = new pg.Pool({
    connectionString: withSearchPath(databaseUrl),
    // Each BullMQ queue and worker keeps one connection for LISTEN.
    max: 16,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    application_name: 'winnow',
  })
  // Each BullMQ object over the pool listens for its errors, and never stops to.
  pool.setMaxListeners(0)
  pool.on('error', onError)
  // A connection that breaks between two queries of a transaction has nobody else to tell, and would end the process.
  pool.on('connect', (client) => client.on('error', onError))
  return Object.assign(pool, { embedded: false }) as unknown as DatabasePool
}

const withSearchPath = (databaseUrl: string): string => {
  let url: URL
  try {
    url = new URL(databaseUrl)
  } catch {
    throw new Fault('config_invalid', 'DATABASE_URL is not a URL', {
      remedy: 'Write it as postgres://user:password@host:5432/database.',
    })
  }
  const before = url.searchParams.get('options')
  url.searchParams.set('options', `${before === null ? '' : `${before} `}-c search_path=bullmq`)
  return url.href
}
