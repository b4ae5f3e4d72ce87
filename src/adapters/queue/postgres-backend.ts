import { createPostgresBackend, type PostgresConnectionOptions, Queue, runMigrations, Worker } from 'bullmq'
import { Fault, messageOf } from '../../domain/errors.ts'
import type { DatabasePool } from '../database-pool.ts'
import type { QueueBackend, QueueLog } from './bull-queue.ts'

/** BullMQ in PostgreSQL, over a pool that somebody else ends. Its tables are made here: BullMQ itself only looks for them. */
export const openPostgresBackend = async (name: string, pool: DatabasePool, log: QueueLog): Promise<QueueBackend> => {
  await migrate(pool)
  const connection = pool as unknown as PostgresConnectionOptions
  const onError = (error: Error): void => log.warn({ error }, 'the queue lost its database for a moment')
  const producer = new Queue(name, { connection }, createPostgresBackend)
  producer.on('error', onError)
  return {
    producer,
    consume: async (handle, options) => {
      const worker = new Worker(name, handle, { ...options, connection }, createPostgresBackend)
      worker.on('error', onError)
      await worker.waitUntilReady()
      return worker
    },
    close: async () => {},
  }
}

const migrate = async (pool: DatabasePool): Promise<void> => {
  try {
    const client = await pool.connect()
    try {
      await runMigrations(client as unknown as Parameters<typeof runMigrations>[0])
    } finally {
      client.release()
    }
  } catch (error) {
    throw new Fault('store_unavailable', `the queue's tables cannot be made: ${messageOf(error)}`, {
      remedy: 'Check that the database runs, and that its user may create schemas in it.',
      retryable: true,
      cause: error,
    })
  }
}
