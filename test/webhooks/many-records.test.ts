import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from '../../src/adapters/store/open-pool.ts'
import { createStore } from '../../src/adapters/store/store.ts'
import type { Store } from '../../src/domain/ports/store.ts'
import { cloudEvent, dataHosts, standardSignature } from './data-senders.ts'
import { createRecordingServer, now } from './recording-server.ts'

const source = dataHosts['CloudEvents, structured']?.source
if (source === undefined) throw new Error('there is no such sender')
const secret = source.secrets[0] as string
const objects = (count: number, start = 0) =>
  Array.from({ length: count }, (_, i) =>
    cloudEvent({ uri: `gs://acme-beans/incoming/${start + i}.csv`, generation: '1', size: 1 }),
  )

describe('several objects in one delivery', () => {
  const start = (recordChange?: Store['recordChange']) =>
    createRecordingServer([], { sources: [source], ...(recordChange === undefined ? {} : { recordChange }) })
  const post = (server: Awaited<ReturnType<typeof start>>, body: unknown) => {
    const payload = Buffer.from(JSON.stringify(body))
    const headers = {
      'content-type': 'application/cloudevents-batch+json',
      ...standardSignature(secret, payload, now, randomUUID()),
    }
    return server.app.inject({ method: 'POST', url: '/webhooks/events', payload, headers })
  }

  it('are recorded by one retry where the store failed in the middle, none twice', async () => {
    const server = await start()
    const body = objects(100)
    for (let i = 0; i < 3; i++) server.failures.push(new Error('connection lost'))
    const first = await post(server, body)
    expect(first.statusCode).toBe(503)
    expect(server.changes.length).toBeGreaterThan(0)
    expect(server.changes.length).toBeLessThan(200)
    const again = await post(server, body)
    expect(again.statusCode).toBe(202)
    expect(again.json().changes).toHaveLength(200)
    expect(new Set(server.changes.map(({ dedupeKey }) => dedupeKey)).size).toBe(200)
    expect(server.changes).toHaveLength(200)
  })

  it('one of which its source may not speak for are refused together', async () => {
    const server = await start()
    const foreign = cloudEvent({ uri: 'gs://acme-beans/private/a.csv', generation: '1', size: 1 })
    expect((await post(server, [...objects(3), foreign])).statusCode).toBe(403)
    expect(server.changes).toEqual([])
    expect(server.refusals.report().counts).toEqual([{ sender: 'events', reason: 'foreignAddress', count: 1 }])
  })

  it('the same object twice is one change', async () => {
    const server = await start()
    const answer = await post(server, [...objects(1), ...objects(1)])
    expect(answer.json().changes.map(({ duplicate }: { duplicate: boolean }) => duplicate)).toEqual([
      false,
      false,
      true,
      true,
    ])
    expect(server.changes).toHaveLength(2)
  })

  describe('with the store itself', () => {
    let folder = ''
    let pool: Awaited<ReturnType<typeof openPool>>
    let store: Awaited<ReturnType<typeof createStore>>
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'winnow-many-'))
      pool = await openPool({ folder, onError: () => {} })
      store = await createStore(pool)
    }, 60_000)
    afterAll(async () => {
      await pool.end()
      await rm(folder, { recursive: true, force: true })
    })

    it('are each recorded once, from two deliveries at the same time', async () => {
      const server = await start(store.recordChange)
      const answers = await Promise.all([post(server, objects(60)), post(server, objects(60, 30))])
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202])
      const told = answers.flatMap((answer) => answer.json().changes as { change: number; duplicate: boolean }[])
      expect(told).toHaveLength(240)
      expect(told.filter(({ duplicate }) => !duplicate)).toHaveLength(180)
      expect(new Set(told.map(({ change }) => change)).size).toBe(180)
      const changes = await store.list('change', {}, 1_000)
      expect(changes.map(({ dedupeKey }) => dedupeKey).sort()).toEqual(
        Array.from({ length: 90 }, (_, i) =>
          ['beans', 'peas'].map((name) => `data:${name}:gs://acme-beans/incoming/${i}.csv#1:written`),
        )
          .flat()
          .sort(),
      )
    }, 60_000)
  })
})
