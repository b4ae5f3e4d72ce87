import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DatabasePool } from '../../src/adapters/database-pool.ts'
import { workerOptions } from '../../src/adapters/queue/bull-queue.ts'
import { openQueue, type QueueOptions } from '../../src/adapters/queue/open-queue.ts'
import { isFault } from '../../src/domain/errors.ts'
import type { Job, Queue } from '../../src/domain/ports/work.ts'
import { silentLog } from '../../src/log.ts'
import { describeDatabases, missingService, openPool, type TestDatabase, until } from '../store/databases.ts'

const redisUrl = process.env['WINNOW_TEST_REDIS_URL']

/** What every queue does, given how to open one by a name. */
const queueContract = (open: (name: string, more?: Partial<QueueOptions>) => Promise<Queue>): void => {
  const opened: Queue[] = []
  const openQueueOf = async (name: string, more: Partial<QueueOptions> = {}): Promise<Queue> => {
    const queue = await open(name, more)
    opened.push(queue)
    return queue
  }
  const someName = (): string => `test-${randomBytes(4).toString('hex')}`
  const keyOf = ({ step, id, version }: Job): string => `${step} ${id} ${version}`
  const collect = (seen: string[]) => async (job: Job) => {
    seen.push(keyOf(job))
  }
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queue) => queue.close()))
  })

  it('hands out each job, with what it carries and nothing else', async () => {
    const queue = await openQueueOf(someName())
    const jobs: Job[] = []
    await queue.work(async (job) => void jobs.push(job), 4)
    await queue.add({ step: 'match', id: 1, version: 1 }, 0)
    await queue.add({ step: 'release', id: 2, version: 9 }, 0)
    await until('both arrived', () => jobs.length === 2)
    expect(jobs).toContainEqual({ step: 'match', id: 1, version: 1 })
    expect(jobs).toContainEqual({ step: 'release', id: 2, version: 9 })
  })

  it('keeps jobs from before any worker', async () => {
    const name = someName()
    const producer = await openQueueOf(name)
    for (let id = 1; id <= 20; id += 1) await producer.add({ step: 'build', id, version: 1 }, 0)
    const seen: string[] = []
    await producer.work(collect(seen), 4)
    await until('all arrived', () => seen.length === 20)
    expect(new Set(seen).size).toBe(20)
  })

  it('does smaller turns first, whenever they came, and those without one before them', async () => {
    const queue = await openQueueOf(someName())
    expect(await queue.front()).toBe(0)
    for (const [id, turn] of [
      [1, 3],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 2_097_151],
    ] as const)
      await queue.add({ step: 'match', id, version: 1 }, 0, turn)
    expect(await queue.front()).toBe(1)
    await queue.add({ step: 'match', id: 6, version: 1 }, 0)
    const seen: number[] = []
    await queue.work(async ({ id }) => void seen.push(id), 1)
    await until('all arrived', () => seen.length === 6)
    expect(seen).toEqual([6, 2, 3, 4, 1, 5])
    await until('nothing waits', async () => (await queue.front()) === 0)
  })

  it('takes a job that is there already for the same, and a later version for another', async () => {
    const queue = await openQueueOf(someName())
    for (const version of [1, 1, 2, 1, 2]) await queue.add({ step: 'watch', id: 1, version }, 0)
    const seen: string[] = []
    await queue.work(collect(seen), 1)
    await queue.add({ step: 'watch', id: 2, version: 1 }, 0)
    await until('the last arrived', () => seen.includes('watch 2 1'))
    expect(seen.sort()).toEqual(['watch 1 1', 'watch 1 2', 'watch 2 1'])
  })

  it('takes a job again once it was done', async () => {
    const queue = await openQueueOf(someName())
    const seen: string[] = []
    await queue.work(collect(seen), 1)
    for (const round of [1, 2]) {
      await until('it arrived', async () => {
        await queue.add({ step: 'watch', id: 1, version: 1 }, 0)
        return seen.length >= round
      })
    }
  })

  it('hands out a delayed job when its time has come, not before', async () => {
    const queue = await openQueueOf(someName())
    const arrivals: { readonly id: number; readonly at: number }[] = []
    await queue.work(async ({ id }) => void arrivals.push({ id, at: Date.now() }), 1)
    const start = Date.now()
    await queue.add({ step: 'watch', id: 1, version: 1 }, 400.4)
    await queue.add({ step: 'watch', id: 2, version: 1 }, -5)
    await until('both arrived', () => arrivals.length === 2)
    const [delayed] = arrivals.filter(({ id }) => id === 1)
    expect((delayed?.at ?? 0) - start).toBeGreaterThanOrEqual(399)
  })

  it('works on as many at once as it may', async () => {
    const queue = await openQueueOf(someName())
    let running = 0
    let most = 0
    let done = 0
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    await queue.work(async () => {
      running += 1
      most = Math.max(most, running)
      await gate
      running -= 1
      done += 1
    }, 3)
    for (let id = 1; id <= 8; id += 1) await queue.add({ step: 'build', id, version: 1 }, 0)
    await until('three run', () => running === 3)
    open()
    await until('all are done', () => done === 8)
    expect(most).toBe(3)
  })

  it('survives a handler that throws, and can be given the job again', async () => {
    const messages: string[] = []
    const log = { ...silentLog, error: (_: object, message: string) => void messages.push(message) }
    const queue = await openQueueOf(someName(), { log })
    let calls = 0
    await queue.work(async () => {
      calls += 1
      if (calls === 1) throw new Error('the step broke')
    }, 1)
    await until('it came twice', async () => {
      await queue.add({ step: 'judge', id: 1, version: 1 }, 0)
      return calls >= 2
    })
    expect(messages[0]).toContain('the step broke')
  })

  it('waits for jobs under way when it closes, and hands out none after that', async () => {
    const name = someName()
    const queue = await openQueueOf(name)
    let finished = false
    const { promise: started, resolve: start } = Promise.withResolvers<void>()
    const { promise: gate, resolve: finish } = Promise.withResolvers<void>()
    await queue.work(async () => {
      start()
      await gate
      finished = true
    }, 1)
    await queue.add({ step: 'build', id: 1, version: 1 }, 0)
    await started
    await queue.add({ step: 'build', id: 2, version: 1 }, 0)
    const closed = queue.close()
    finish()
    await closed
    expect(finished).toBe(true)
    const next = await openQueueOf(name)
    const seen: string[] = []
    await next.work(collect(seen), 1)
    await until('the other is left for the next', () => seen.includes('build 2 1'))
    expect(seen).toEqual(['build 2 1'])
  })

  it('tells jobs that do not end in time to stop', async () => {
    const queue = await openQueueOf(someName(), { grace: 50 })
    const { promise: started, resolve: start } = Promise.withResolvers<void>()
    let aborted = false
    await queue.work(async (_job, signal) => {
      start()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      aborted = true
    }, 1)
    await queue.add({ step: 'build', id: 1, version: 1 }, 0)
    await started
    await queue.close()
    expect(aborted).toBe(true)
  })

  it('opened fresh, has nothing, and works', async () => {
    const name = someName()
    const before = await openQueueOf(name)
    await before.add({ step: 'build', id: 1, version: 1 }, 0)
    await before.add({ step: 'build', id: 2, version: 1 }, 60_000)
    const queue = await openQueueOf(name, { fresh: true })
    const seen: string[] = []
    await queue.work(collect(seen), 1)
    await queue.add({ step: 'build', id: 2, version: 1 }, 0)
    await until('the new one arrived', () => seen.length > 0)
    expect(seen).toEqual(['build 2 1'])
  })
}

describeDatabases('the queue', ({ make }) => {
  let database: TestDatabase
  let pool: DatabasePool
  beforeAll(async () => {
    database = await make()
    pool = await openPool(database.options)
  })
  afterAll(async () => {
    await pool.end()
    await database.dispose()
  })

  queueContract((name, more) => openQueue({ pool, name, log: silentLog, fresh: false, ...more }))

  it('does not sit idle on a full speed poll', async () => {
    let queries = 0
    const counted: DatabasePool = {
      embedded: pool.embedded,
      options: pool.options,
      connect: () => pool.connect(),
      end: async () => {},
      on: (event, listener) => pool.on(event, listener),
      query: (text: string, values?: readonly unknown[]) => {
        queries += 1
        return pool.query(text, values)
      },
    }
    const queue = await openQueue({ pool: counted, name: 'idle', log: silentLog, fresh: false })
    await queue.work(async () => {}, 2)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await queue.close()
    expect(queries).toBeLessThan(50)
  })

  it('keeps its tables apart from ours', async () => {
    const { rows } = await pool.query(
      `select distinct table_schema from information_schema.tables where table_schema in ('bullmq', 'public', 'winnow')`,
    )
    expect(rows).toEqual([{ table_schema: 'bullmq' }])
  })
})

if (redisUrl === undefined) missingService('the queue on Redis', 'WINNOW_TEST_REDIS_URL')
else
  describe('the queue on Redis', () => {
    const pool = { embedded: false } as DatabasePool
    afterAll(async () => {
      const redis = new Redis(redisUrl)
      const keys = await redis.keys('bull:test-*')
      if (keys.length > 0) await redis.del(keys)
      redis.disconnect()
    })
    queueContract((name, more) => openQueue({ redisUrl, pool, name, log: silentLog, ...more }))
  })

describe('a queue whose server is away', () => {
  it('says so', async () => {
    const pool = { embedded: false } as DatabasePool
    const opening = openQueue({ redisUrl: 'redis://:secret@127.0.0.1:1', pool, log: silentLog })
    const error = await opening.catch((e: unknown) => e)
    expect(isFault(error, 'store_unavailable') && error.remedy).toContain('REDIS_URL')
    expect(String(error)).not.toContain('secret')
  })
})

it('a job may be handed out again as often as its workers die', () => {
  expect(workerOptions.maxStalledCount).toBeGreaterThan(1_000)
})
