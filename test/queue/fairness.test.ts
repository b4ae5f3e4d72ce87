import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openQueue } from '../../src/adapters/queue/open-queue.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import type { NewRow } from '../../src/domain/ports/store.ts'
import type { Queue } from '../../src/domain/ports/work.ts'
import { silentLog } from '../../src/log.ts'
import { createRelay } from '../../src/workers/running/relay.ts'
import { makeEmbedded, missingService, openPool, until } from '../store/databases.ts'
import { someChange, unique } from '../store/rows.ts'

const noisy = 2_000

/** All that the noisy bucket sent is in the queue before the other one's change comes; what is handled is counted, not timed. */
const fairness = (open: (pool: Awaited<ReturnType<typeof openPool>>) => Promise<Queue>): void => {
  let store: OpenStore
  let queue: Queue
  let relay: ReturnType<typeof createRelay>
  let dispose: () => Promise<void>

  beforeAll(async () => {
    const database = await makeEmbedded()
    const pool = await openPool(database.options)
    store = await createStore(pool)
    queue = await open(pool)
    relay = createRelay({ store, queue, now: Date.now, log: silentLog })
    dispose = async () => {
      await relay.close()
      await queue.close()
      await store.close()
      await database.dispose()
    }
  })
  afterAll(() => dispose())

  const change = (repository: string, sender: string): NewRow<'change'> =>
    someChange({ repository, sender, dedupeKey: unique('object') })
  const isRelayed = async () => (await store.outbox(1)).length === 0

  it(`the first change of another is among the next few, whatever ${noisy} wait of one bucket`, async () => {
    await Promise.all(Array.from({ length: noisy }, () => store.recordChange(change('acme/beans', 'bucket'))))
    relay.kick()
    await until('the queue has them', isRelayed, 120_000)
    const others = [
      (await store.recordChange(change('acme/beans', 'github'))).change.id,
      (await store.recordChange(change('acme/peas', 'bucket'))).change.id,
    ]
    relay.kick()
    await until('the queue has those, too', isRelayed, 120_000)
    const order: number[] = []
    await queue.work(async ({ id }) => void order.push(id), 1)
    await until('they were handled', () => others.every((id) => order.includes(id)), 120_000)
    for (const id of others) expect(order.indexOf(id)).toBeLessThan(6)
  }, 300_000)
}

describe('a noisy bucket starves nobody, with the queue in the database', () => {
  fairness((pool) => openQueue({ pool, log: silentLog }))
})

const redisUrl = process.env['WINNOW_TEST_REDIS_URL']
if (redisUrl === undefined) missingService('Redis', 'WINNOW_TEST_REDIS_URL')
else
  describe('a noisy bucket starves nobody, with the queue in Redis', () => {
    fairness((pool) =>
      openQueue({ pool, log: silentLog, redisUrl, name: unique('fair').replace(/[^A-Za-z0-9-]/g, '-') }),
    )
  })

describe('the outbox', () => {
  it('gives each lane its turn, and a lane by itself all it asks for', async () => {
    const database = await makeEmbedded()
    const store = await createStore(await openPool(database.options))
    try {
      for (let i = 0; i < 30; i++)
        await store.recordChange(someChange({ repository: 'acme/a', sender: 'bucket', dedupeKey: unique('a') }))
      const [b, c] = [
        await store.recordChange(someChange({ repository: 'acme/b', sender: 'bucket', dedupeKey: unique('b') })),
        await store.recordChange(someChange({ repository: 'acme/a', sender: 'github', dedupeKey: unique('c') })),
      ]
      const first = await store.outbox(5)
      expect(first.map(({ lane }) => lane)).toEqual([
        'acme/a bucket',
        'acme/b bucket',
        'acme/a github',
        'acme/a bucket',
        'acme/a bucket',
      ])
      expect(first.slice(1, 3).map(({ job }) => job.id)).toEqual([b.change.id, c.change.id])
      await store.removeFromOutbox(first.map(({ sequence }) => sequence))
      expect((await store.outbox(25)).map(({ lane }) => lane)).toEqual(Array(25).fill('acme/a bucket'))
    } finally {
      await store.close()
      await database.dispose()
    }
  })
})
