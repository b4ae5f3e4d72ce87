import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import type { DataObject } from '../../src/domain/batch.ts'
import type { FeedName, FeedTurn, RefusedMessage } from '../../src/domain/feed.ts'
import { refusedMessagesKept } from '../../src/domain/feed.ts'
import { describeDatabases, openPool, type TestDatabase } from './databases.ts'

const poll: FeedName = { source: 'incoming', kind: 'poll' }
const every = 60_000

describeDatabases('feeds', ({ make }) => {
  let database: TestDatabase
  let pool: Awaited<ReturnType<typeof openPool>>
  let store: OpenStore
  let now: number
  beforeAll(async () => {
    database = await make()
    pool = await openPool(database.options)
    store = await createStore(pool, () => now)
  }, 60_000)
  afterAll(async () => {
    await pool?.end()
    await database?.dispose()
  })
  beforeEach(async () => {
    now = 1_000_000
    await pool.query('truncate winnow.feed, winnow.refused_message, winnow.sighting')
  })
  const claim = (owner: string, feed = poll) => store.claimFeed(feed, { owner, until: now + 30_000, every })

  const turn = (over: Partial<FeedTurn>): FeedTurn => ({
    told: 0,
    refused: 0,
    objects: null,
    fault: null,
    nextAt: null,
    ...over,
  })

  it('has one owner at a time, until the lease ends', async () => {
    expect(await claim('a')).toEqual({ failures: 0 })
    expect(await claim('b')).toBeUndefined()
    expect(await claim('b', { source: 'other', kind: 'poll' })).toBeDefined()
    expect(await store.extendFeed(poll, 'a', now + 40_000)).toBe(true)
    now += 39_999
    expect(await claim('b')).toBeUndefined()
    now += 1
    expect(await claim('b')).toBeDefined()
    expect(await store.extendFeed(poll, 'a', now + 40_000)).toBe(false)
  })

  it('of many that want it at once one gets it', async () => {
    const got = await Promise.all(Array.from({ length: 12 }, (_, i) => claim(`owner-${i}`)))
    expect(got.filter((one) => one !== undefined)).toHaveLength(1)
  })

  it('waits for its next turn, but no longer than it is asked for now', async () => {
    await claim('a')
    await store.settleFeed(poll, turn({ told: 2, objects: 7, nextAt: now + every }))
    now += every - 1
    expect(await claim('b')).toBeUndefined()
    now += 1
    expect(await claim('b')).toBeDefined()
    // It was polled once a day, and is to be polled once a minute from now on.
    await store.settleFeed(poll, turn({ nextAt: now + 86_400_000 }))
    expect(await claim('b')).toBeDefined()
  })

  it('says how it stands, since when, and what went wrong last', async () => {
    expect(await store.settleFeed(poll, turn({ fault: { code: 'source_refused', message: 'no' } }))).toEqual({
      before: 'waiting',
    })
    now += 10
    expect(await store.settleFeed(poll, turn({ fault: { code: 'source_refused', message: 'still no' } }))).toEqual({
      before: 'failing',
    })
    expect(await store.feeds()).toEqual([
      {
        ...poll,
        state: 'failing',
        since: 1_000_000,
        lastSuccess: null,
        lastFault: { code: 'source_refused', message: 'still no', at: now },
        objects: null,
        told: 0,
        refused: 0,
      },
    ])
    expect(await claim('a')).toEqual({ failures: 2 })
    now += 10
    expect(await store.settleFeed(poll, turn({ told: 3, refused: 1, objects: 5 }))).toEqual({ before: 'failing' })
    await store.settleFeed(poll, turn({ told: 4, objects: 6 }))
    expect((await store.feeds())[0]).toMatchObject({
      state: 'working',
      since: now,
      lastSuccess: now,
      lastFault: { message: 'still no' },
      objects: 6,
      told: 7,
      refused: 1,
    })
    expect(await claim('a')).toEqual({ failures: 0 })
  })

  const message = (id: string, at = now): RefusedMessage => ({
    source: 'incoming',
    kind: 'pull',
    id,
    at,
    publishedAt: at - 1,
    reason: 'it is no notification of a bucket',
    attributes: { colour: 'green\0' },
    body: 'half a \0 message',
  })

  it('keeps a refused message once, the newest of many', async () => {
    await store.keepRefused(message('1'))
    await store.keepRefused(message('1', now + 5))
    expect(await store.refusedMessages('incoming', 10)).toEqual([
      { ...message('1'), attributes: { colour: 'green\uFFFD' }, body: 'half a \uFFFD message' },
    ])
    await pool.query(`insert into winnow.refused_message
      select source, kind, n::text, at + n, published_at, reason, attributes, body
      from winnow.refused_message, generate_series(2, ${refusedMessagesKept + 4}) n`)
    await store.keepRefused(message('newest', now + refusedMessagesKept + 5))
    const kept = await store.refusedMessages('incoming', 2_000)
    expect(kept).toHaveLength(refusedMessagesKept)
    expect(kept[0]?.id).toBe('newest')
    expect(await store.refusedMessages('other', 10)).toEqual([])
  })

  const object = (name: string, generation = '1'): DataObject => ({ uri: `gs://b/${name}`, generation, size: 3 })

  it('remembers what a watch saw, and forgets what is told', async () => {
    const watch = 'incoming/beans/1'
    await store.rememberObjects(watch, [object('a'), object('b'), object('c')])
    await store.rememberObjects(watch, [object('b', '2')])
    await store.rememberObjects('incoming/beans/2', [object('z')])
    await store.forgetObjects(watch, [object('c'), object('b', '1'), object('never')])
    expect([...(await store.recallObjects(watch)).values()]).toEqual([object('a'), object('b', '2')])
    await store.forgetOtherWatches('incoming/beans/', [watch])
    expect((await store.recallObjects(watch)).size).toBe(2)
    expect((await store.recallObjects('incoming/beans/2')).size).toBe(0)
    await store.rememberObjects('incoming/beans-2/1', [object('y')])
    await store.forgetOtherWatches('incoming/beans/', [])
    expect((await store.recallObjects(watch)).size).toBe(0)
    expect((await store.recallObjects('incoming/beans-2/1')).size).toBe(1)
  })
})
