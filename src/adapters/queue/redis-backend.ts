import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { Fault } from '../../domain/errors.ts'
import type { QueueBackend, QueueLog } from './bull-queue.ts'

/** How long a server may take to say that it is there, in milliseconds. */
const patience = 10_000

/** BullMQ on Redis. An `add` fails soon where Redis is away; workers wait for its return. */
export const openRedisBackend = async (name: string, url: string, log: QueueLog): Promise<QueueBackend> => {
  const onError = (error: Error): void => log.warn({ error }, 'the queue lost Redis for a moment')
  const connections: Redis[] = []
  const connect = (maxRetriesPerRequest: number | null): Redis => {
    const connection = new Redis(url, { connectTimeout: patience, maxRetriesPerRequest })
    connection.on('error', onError)
    connections.push(connection)
    return connection
  }
  const close = async (): Promise<void> => {
    for (const connection of connections) connection.disconnect()
  }

  const producing = connect(2)
  try {
    await producing.ping()
  } catch (error) {
    await close()
    throw new Fault('store_unavailable', 'Redis does not answer', {
      remedy: 'Check that Redis runs and that REDIS_URL is right; without REDIS_URL the queue lives in the database.',
      retryable: true,
      cause: error,
    })
  }
  const producer = new Queue(name, { connection: producing })
  producer.on('error', onError)
  return {
    producer,
    consume: async (handle, options) => {
      // BullMQ asks for endless retries where it waits for jobs.
      const worker = new Worker(name, handle, { ...options, connection: connect(null) })
      worker.on('error', onError)
      await worker.waitUntilReady()
      return worker
    },
    close,
  }
}
