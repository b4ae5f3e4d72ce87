import { PubSub, type Topic } from '@google-cloud/pubsub'
import { PassThroughClient } from 'google-auth-library'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Server } from '../../scripts/servers.ts'
import { createCloudStorage } from '../../src/adapters/sources/cloud-storage.ts'
import { createPubsubSubscription } from '../../src/adapters/sources/pubsub.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import type { FeedName } from '../../src/domain/feed.ts'
import { createLog } from '../../src/log.ts'
import { lookAtAddress } from '../../src/workers/loops/look-at-address.ts'
import { keepPulling } from '../../src/workers/loops/pull-source.ts'
import { takeDeadLetter, takeNews } from '../../src/workers/loops/take-news.ts'
import { describeWithEmulators } from '../emulators/emulators.ts'
import { startCloudStorage, startPubsub } from '../emulators/programs.ts'
import { makeEmbedded, openPool, type TestDatabase, until } from '../store/databases.ts'
import { makeBucket, put, remove } from './buckets.ts'

const source = { name: 'incoming', addresses: ['gs://acme-beans/in/'], repositories: ['beans', 'peas'] }
const pullFeed: FeedName = { source: 'incoming', kind: 'pull' }
const lettersFeed: FeedName = { source: 'incoming', kind: 'deadLetters' }

const news = (name: string, generation = 1) => ({
  attributes: {
    bucketId: 'acme-beans',
    objectId: name,
    objectGeneration: String(generation),
    eventType: 'OBJECT_FINALIZE',
    payloadFormat: 'JSON_API_V1',
  },
  data: Buffer.from(JSON.stringify({ bucket: 'acme-beans', name, generation: String(generation), size: '5' })),
})

describeWithEmulators('a subscription that is pulled', () => {
  let pubsub: Server
  let database: TestDatabase
  let pool: Awaited<ReturnType<typeof openPool>>
  let store: OpenStore
  let client: PubSub
  let logged: Record<string, unknown>[]
  let test = 0
  let topic: Topic
  let name: string

  beforeAll(async () => {
    pubsub = await startPubsub()
    database = await makeEmbedded()
    pool = await openPool(database.options)
    store = await createStore(pool)
  }, 60_000)
  afterAll(async () => {
    await client?.close()
    await pool?.end()
    await database?.dispose()
    await pubsub?.stop()
  })
  beforeEach(async () => {
    await pool.query('truncate winnow.feed, winnow.refused_message, winnow.change, winnow.outbox, winnow.history')
    logged = []
    test++
    name = `projects/acme/subscriptions/winnow-${test}`
    client ??= connect()
    ;[topic] = await client.createTopic(`objects-${test}`)
  })
  const connect = () =>
    new PubSub({
      projectId: 'acme',
      apiEndpoint: `http://${pubsub.url}`,
      emulatorMode: true,
      authClient: new PassThroughClient(),
    })

  /** Pulls as a worker does, until it is disposed of. */
  const pulling = (
    feed: FeedName = pullFeed,
    subscription = name,
    take = feed.kind === 'pull' ? takeNews : takeDeadLetter,
    over: Partial<OpenStore> = {},
  ): AsyncDisposable => {
    const log = createLog('debug', { write: (line) => void logged.push(JSON.parse(line)) })
    const ports = { store: { ...store, ...over }, log, now: Date.now }
    const stop = new AbortController()
    const pull = createPubsubSubscription({ subscription, endpoint: `http://${pubsub.url}`, standsFor: 200 })
    const options = { tellEvery: 10, longestPause: 100 }
    const ended = keepPulling(ports, feed, pull, (message) => take(ports, source, message), stop.signal, options)
    return {
      [Symbol.asyncDispose]: async () => {
        stop.abort()
        await ended
      },
    }
  }
  const changes = () => store.list('change', {}, 1_000)
  const feed = async (kind: FeedName['kind'] = 'pull') => (await store.feeds()).find((one) => one.kind === kind)
  const feedIs = (state: string, kind?: FeedName['kind']) =>
    until(`the feed is ${state}`, async () => (await feed(kind))?.state === state)
  const said = (level: string) => logged.filter((line) => line['level'] === level).map((line) => line['msg'])

  it('records what it hears, once for each repository, however often it comes', async () => {
    await topic.createSubscription(name)
    await using _worker = pulling()
    await feedIs('working')
    for (let i = 0; i < 20; i++) await topic.publishMessage(news(`in/${i % 10}.csv`))
    await topic.publishMessage(news('in/0.csv', 2))
    await until('all are recorded', async () => (await changes()).length === 22)
    await until('it is told', async () => (await feed())?.told === 22)
    expect((await changes())[0]).toMatchObject({
      sender: 'pubsub',
      cause: { kind: 'data', pipeline: null, uri: expect.stringContaining('gs://acme-beans/in/'), size: 5 },
    })
    expect(await feed()).toMatchObject({ state: 'working', refused: 0, lastFault: null })
  })

  it('hears what a bucket tells of itself, and a poll of that bucket finds no news', async () => {
    await topic.createSubscription(name)
    const project = 'acme'
    const bucket = await startCloudStorage({ pubsub: pubsub.url, project, topic: `objects-${test}` })
    try {
      await makeBucket(bucket.url, 'acme-beans')
      await using _worker = pulling()
      for (const object of ['in/a.csv', 'in/b c.csv', 'out/c.csv'])
        await put(bucket.url, 'acme-beans', object, 'Area,Class\n1,SEKER\n')
      await until('both are recorded', async () => (await changes()).length === 4)
      await put(bucket.url, 'acme-beans', 'in/a.csv', 'Area,Class\n2,SEKER\n')
      await remove(bucket.url, 'acme-beans', 'in/b c.csv')
      // Written twice, once, and deleted once; for two repositories.
      await until('the rest is, too', async () => (await changes()).length === 8)

      const { list } = createCloudStorage({ endpoint: bucket.url })
      const address = 'gs://acme-beans/in/*.csv'
      const watch = { source: source.name, repository: 'beans', address }
      const seen = await lookAtAddress({ store, now: Date.now }, watch, list, new AbortController().signal)
      expect(seen).toEqual({ objects: 1, told: 0 })
      expect(await changes()).toHaveLength(8)
    } finally {
      await bucket.stop()
    }
  })

  it('acknowledges only what the store has: what it did not take comes again', async () => {
    await topic.createSubscription(name)
    let refusals = 3
    const recordChange: OpenStore['recordChange'] = async (row) => {
      if (refusals-- > 0) throw new Error('the database is away')
      return store.recordChange(row)
    }
    {
      await using _worker = pulling(pullFeed, name, takeNews, { recordChange })
      await topic.publishMessage(news('in/a.csv'))
      await until('it is recorded', async () => (await changes()).length === 2)
    }
    expect(said('warn')).toContain('a message could not be stored, it comes again')
  })

  it('does not acknowledge before the commit', async () => {
    await topic.createSubscription(name)
    const held = Promise.withResolvers<void>()
    const recordChange: OpenStore['recordChange'] = async () => {
      held.resolve()
      throw new Error('killed before the commit')
    }
    {
      await using _worker = pulling(pullFeed, name, takeNews, { recordChange })
      await topic.publishMessage(news('in/a.csv'))
      await held.promise
    }
    expect(await changes()).toEqual([])
    await using _next = pulling()
    await until('the next one hears it', async () => (await changes()).length === 2)
  })

  it('keeps what it cannot read, and what is none of its own, with the reason, and acknowledges it', async () => {
    await topic.createSubscription(name)
    await using _worker = pulling()
    await topic.publishMessage({ data: Buffer.from('hello') })
    await topic.publishMessage(news('elsewhere/a.csv'))
    await topic.publishMessage(news('in/a.csv'))
    await until('both are refused', async () => (await feed())?.refused === 2)
    await until('the third is recorded', async () => (await changes()).length === 2)
    expect(
      (await store.refusedMessages('incoming', 10)).map(({ kind, reason, body }) => [kind, reason, body]).sort(),
    ).toEqual([
      ['pull', 'data: is no JSON', 'hello'],
      ['pull', 'gs://acme-beans/elsewhere/a.csv lies in none of the addresses of the source', expect.any(String)],
    ])
  })

  it('leaves what it cannot read to the dead letters where there are some, and shows them', async () => {
    const [letters] = await client.createTopic(`letters-${test}`)
    const lettersName = `projects/acme/subscriptions/letters-${test}`
    await letters.createSubscription(lettersName)
    await topic.createSubscription(name, {
      deadLetterPolicy: { deadLetterTopic: letters.name, maxDeliveryAttempts: 5 },
    })
    await using _worker = pulling()
    await using _reader = pulling(lettersFeed, lettersName)
    await topic.publishMessage({ data: Buffer.from('hello') })
    const shown = () => store.refusedMessages('incoming', 10)
    await until('it is shown', async () => (await shown()).some(({ kind }) => kind === 'deadLetters'))
    const reason = 'data: is no JSON'
    for (const kind of ['pull', 'deadLetters'])
      expect(await shown()).toContainEqual(expect.objectContaining({ kind, reason, body: 'hello' }))
    await until(
      'it is counted',
      async () => (await feed())?.refused === 1 && (await feed('deadLetters'))?.refused === 1,
    )
  })

  it('says that a subscription is not there, and pulls it once it is', async () => {
    await using _worker = pulling()
    await feedIs('failing')
    expect((await feed())?.lastFault).toMatchObject({
      code: 'source_refused',
      message: expect.stringMatching(new RegExp(`^${name} was refused: .*Make the subscription`)),
    })
    await topic.createSubscription(name)
    await feedIs('working')
    await topic.publishMessage(news('in/a.csv'))
    await until('it is recorded', async () => (await changes()).length === 2)
  })

  it('says once that nobody answers, waits, and goes on when somebody does', async () => {
    await topic.createSubscription(name)
    await using _worker = pulling()
    await feedIs('working')
    const port = Number(pubsub.url.split(':')[1])
    await pubsub.stop()
    await feedIs('failing')
    const lost = (await feed())?.lastFault
    expect(lost).toMatchObject({ code: 'source_unavailable', message: expect.stringContaining(name) })
    await until('it was asked again', async () => ((await feed())?.lastFault?.at ?? 0) > (lost?.at ?? 0))
    expect(said('warn')).toEqual(['a source of data tells nothing'])

    pubsub = await startPubsub(port)
    await client.close()
    client = connect()
    const [again] = await client.createTopic(`objects-${test}`)
    await again.createSubscription(name)
    await feedIs('working')
    await again.publishMessage(news('in/a.csv'))
    await until('it is recorded', async () => (await changes()).length === 2)
    expect(said('info')).toContain('a source of data tells again')
  })

  it('ends while messages come, and loses none', async () => {
    await topic.createSubscription(name)
    await Promise.all(Array.from({ length: 60 }, (_, i) => topic.publishMessage(news(`in/${i}.csv`))))
    {
      await using _worker = pulling()
      await until('some are recorded', async () => (await changes()).length > 0)
    }
    const then = (await changes()).length
    await using _next = pulling()
    await until('all are recorded', async () => (await changes()).length === 120)
    expect(then).toBeGreaterThan(0)
  })
})
