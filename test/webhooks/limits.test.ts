import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { registerApi } from '../../src/api/api.ts'
import { silentLog } from '../../src/log.ts'
import { cloudEvent, type DataHost, dataHosts, standardSignature } from './data-senders.ts'
import { pushPayload } from './fixtures/github-payloads.ts'
import { createRecordingServer, now, sign } from './recording-server.ts'

const secret = 'the first secret of acme beans'
const otherSecret = 'the secret of acme peas'
const repositories = [
  { name: 'beans', host: 'github', fullName: 'acme/beans', secrets: [secret] },
  { name: 'peas', host: 'github', fullName: 'acme/peas', secrets: [otherSecret] },
] as const

const start = async (limits: { perMinute: number; failuresPerMinute: number }) => {
  const server = await createRecordingServer(repositories, { limits })
  return {
    ...server,
    push: (used: string, full_name = 'acme/beans', body: string | undefined = undefined) => {
      const payload = body ?? JSON.stringify(pushPayload({ repository: { full_name }, padding: randomUUID() }))
      return server.app.inject({
        method: 'POST',
        url: '/webhooks/github',
        payload,
        headers: { 'x-github-event': 'push', 'x-hub-signature-256': sign(used, payload) },
      })
    },
  }
}

describe('the rate limits', () => {
  it('keep a sender waiting that says too much for one repository, and no other', async () => {
    const server = await start({ perMinute: 2, failuresPerMinute: 10 })
    expect((await server.push(secret)).statusCode).toBe(202)
    expect((await server.push(secret)).statusCode).toBe(202)
    const third = await server.push(secret)
    expect(third.statusCode).toBe(429)
    expect(third.headers['retry-after']).toBe('30')
    expect(third.json().error).toMatchObject({ code: 'too_many', message: expect.stringContaining('later') })
    expect(server.changes).toHaveLength(2)
    expect((await server.push(otherSecret, 'acme/peas')).statusCode).toBe(202)
    expect(server.refusals.report().counts).toEqual([{ sender: 'github', reason: 'tooMany', count: 1 }])
  })

  it('count what a delivery brings: a large one comes in whole, and the next waits for it', async () => {
    const { source } = dataHosts['CloudEvents, structured'] as DataHost
    const server = await createRecordingServer([], {
      sources: [source],
      limits: { perMinute: 60, failuresPerMinute: 1 },
    })
    const post = (count: number) => {
      const event = (i: number) => cloudEvent({ uri: `gs://acme-beans/incoming/${i}.csv`, generation: '1', size: 1 })
      const payload = Buffer.from(JSON.stringify(Array.from({ length: count }, (_, i) => event(i))))
      return server.app.inject({
        method: 'POST',
        url: '/webhooks/events',
        payload,
        headers: {
          'content-type': 'application/cloudevents-batch+json',
          ...standardSignature(source.secrets[0] as string, payload, now),
        },
      })
    }
    expect((await post(100)).statusCode).toBe(202)
    expect(server.changes).toHaveLength(200)
    const next = await post(1)
    expect(next.statusCode).toBe(429)
    expect(next.headers['retry-after']).toBe('141')
  })

  it('are looked at before the body is', async () => {
    const server = await start({ perMinute: 1, failuresPerMinute: 10 })
    expect((await server.push(secret, '', '{"half')).statusCode).toBe(400)
    expect((await server.push(secret, '', '{"half')).statusCode).toBe(429)
  })

  it('stop telling and logging whoever proves nothing, and never hold up who shares the address', async () => {
    const server = await start({ perMinute: 10, failuresPerMinute: 2 })
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await server.push('a guess')).statusCode)
    expect(statuses).toEqual([401, 401, 429, 429])
    expect(server.logged.filter(({ level }) => level === 'warn')).toHaveLength(2)
    expect((await server.push(secret)).statusCode).toBe(202)
    expect(server.refusals.report().counts).toEqual([
      { sender: 'github', reason: 'forged', count: 2 },
      { sender: 'github', reason: 'tooMany', count: 2 },
    ])
  })
})

it('what was refused is told over the API, to who has its token', async () => {
  const server = await start({ perMinute: 10, failuresPerMinute: 10 })
  const never = new Proxy({} as never, { get: () => () => Promise.reject(new Error('not asked for')) })
  await registerApi(server.app, {
    store: never,
    targets: new Map(),
    liveFigures: async () => ({ ok: false, reason: 'nothing serves here' }),
    checkFeedback: async () => ({ ok: false as const, reason: 'nothing is logged here' }),
    target: () => undefined,
    keptPredictions: async () => undefined,
    now: () => now,
    token: 'the-token-of-the-controller',
    people: [],
    decisions: never,
    sources: [],
    refusals: server.refusals.report,
    version: '0.0.0',
    log: silentLog,
    ready: async () => true,
  })
  await server.push('a guess')
  await server.push('a guess')
  await server.push(secret, 'acme/rice')
  const get = (token: string) =>
    server.app.inject({ url: '/api/v1/refusals', headers: { authorization: `Bearer ${token}` } })
  expect((await get('a guess')).statusCode).toBe(401)
  expect((await get('the-token-of-the-controller')).json()).toEqual({
    since: now,
    counts: [
      { sender: 'github', reason: 'forged', count: 2 },
      { sender: 'github', reason: 'unknownRepository', count: 1 },
    ],
  })
})
