import type { Queue } from '../../domain/ports/work.ts'
import type { DatabasePool } from '../database-pool.ts'
import { createQueue, type QueueLog } from './bull-queue.ts'
import { openPostgresBackend } from './postgres-backend.ts'
import { openRedisBackend } from './redis-backend.ts'

export interface QueueOptions {
  /** A Redis server; without it the queue lives in the database of `pool`. */
  readonly redisUrl?: string
  readonly pool: DatabasePool
  readonly log: QueueLog
  /** Separates queues that share a server; letters, digits and hyphens. */
  readonly name?: string
  /**
   * Empties the queue first; by default where the store is embedded. What an earlier life of the only process left there
   * is locked by a worker that is dead, for half a minute; the reconciler fills the queue again at once.
   */
  readonly fresh?: boolean
  /** How long jobs under way may take to end after `close`, before their signal is aborted. Milliseconds. */
  readonly grace?: number
}

/** The queue of steps, on Redis or in the database. Faults: store_unavailable where its server does not answer. */
export const openQueue = async (options: QueueOptions): Promise<Queue> => {
  const { redisUrl, pool, log, name = 'winnow-steps', fresh = pool.embedded, grace = 10_000 } = options
  const backend =
    redisUrl === undefined ? await openPostgresBackend(name, pool, log) : await openRedisBackend(name, redisUrl, log)
  if (fresh) await backend.producer.obliterate({ force: true })
  return createQueue(backend, log, grace)
}
