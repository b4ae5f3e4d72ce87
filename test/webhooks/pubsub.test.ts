import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { base64, type DataHost, dataHosts, gcsObject, pushed } from './data-senders.ts'
import { createGoogleSigner, type GoogleSigner } from './google-signer.ts'
import { createRecordingServer, now, type RecordingServer } from './recording-server.ts'

const { source } = dataHosts['Pub/Sub push'] as DataHost
const bucket = { ...source, repositories: ['beans'] }
const attributes = { bucketId: 'acme-beans', objectId: 'incoming/a b+c.csv', objectGeneration: '1699999999123456' }

let google: GoogleSigner
let server: RecordingServer
beforeAll(async () => {
  google = await createGoogleSigner()
})
afterAll(() => google.close())
beforeEach(async () => {
  server = await createRecordingServer([], { sources: [bucket], keysUrl: google.url })
})

const push = async (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  server.app.inject({
    method: 'POST',
    url: '/webhooks/pubsub',
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${await google.token()}`, ...headers },
  })

describe('a push of Pub/Sub', () => {
  it.each([
    ['in both spellings', {}],
    ['in capitals inside', { message_id: undefined, publish_time: undefined }],
    ['with underscores', { messageId: undefined, publishTime: undefined }],
    ['with an order', { orderingKey: 'acme-beans', ordering_key: 'acme-beans' }],
    ['under another message id, as publishers repeat themselves', { messageId: '9', message_id: '9' }],
  ])('%s is one and the same', async (_what, message) => {
    await push(pushed(gcsObject()))
    const answer = await push(pushed(gcsObject(), {}, message))
    expect(answer.json()).toEqual({ change: 1, duplicate: true })
  })

  it.each([
    ['no data where something was written', pushed(undefined, { payloadFormat: 'NONE' }), 422],
    ['data that is no base64', pushed(undefined, {}, { data: '{}' }), 422],
    ['data that is no JSON', pushed(undefined, {}, { data: Buffer.from('{"half').toString('base64') }), 422],
    ['depths in base64', pushed(undefined, {}, { data: Buffer.from('['.repeat(9_000)).toString('base64') }), 422],
    ['attributes that are numbers', pushed(gcsObject(), { objectGeneration: 1 as never }), 422],
    ['nothing that Winnow knows', { message: { data: base64({}), attributes: {} }, subscription: 's' }, 422],
    ['no message', { subscription: 's', message: null }, 422],
    ['a way out of its prefix', pushed(gcsObject({ name: 'incoming/../x' }), { objectId: 'incoming/../x' }), 422],
    ['an object of no envelope and no metadata', gcsObject(), 422],
  ])('with %s is refused', async (_what, body, status) => {
    expect((await push(body)).statusCode).toBe(status)
    expect(server.changes).toEqual([])
    expect(server.refusals.report().counts).toEqual([{ sender: 'pubsub', reason: 'wrongShape', count: 1 }])
  })

  it('that says only that an object is gone needs no data, wrapped or not', async () => {
    const gone = { ...attributes, eventType: 'OBJECT_DELETE', payloadFormat: 'NONE' }
    expect((await push(pushed(undefined, gone))).statusCode).toBe(202)
    const labels = Object.fromEntries(Object.entries(gone).map(([name, value]) => [name.toLowerCase(), value]))
    expect((await push(undefined, labels)).json()).toEqual({ change: 1, duplicate: true })
    expect(server.changes).toMatchObject([{ cause: { event: 'deleted', generation: '1699999999123456' } }])
  })

  it('of an object that was replaced is ignored: the next generation has its own', async () => {
    const answer = await push(pushed(gcsObject(), { eventType: 'OBJECT_DELETE', overwrittenByGeneration: '2' }))
    expect(answer.statusCode).toBe(202)
    expect(answer.json().ignored).toContain('generation 2')
    expect(server.changes).toEqual([])
  })

  it('waits, and is not lost, while Google’s keys cannot be had', async () => {
    google.answer = (response) => response.writeHead(500).end()
    const answer = await push(pushed(gcsObject()))
    expect(answer.statusCode).toBe(503)
    expect(answer.headers['retry-after']).toBe('5')
    expect(answer.body).not.toContain(google.url)
    expect(server.refusals.report().counts).toEqual([{ sender: 'pubsub', reason: 'keysUnavailable', count: 1 }])
    google.answer = undefined
    server = await createRecordingServer([], { sources: [bucket], keysUrl: google.url })
    expect((await push(pushed(gcsObject()))).statusCode).toBe(202)
  })

  it('with the token of nobody here says in the log, and there alone, whose it is', async () => {
    const token = await google.token({ email: 'somebody@else.example' })
    const answer = await push(pushed(gcsObject()), { authorization: `Bearer ${token}` })
    expect(answer.statusCode).toBe(401)
    expect(answer.body).not.toContain('somebody')
    expect(JSON.stringify(server.logged)).toContain('somebody@else.example')
    expect(server.refusals.report().counts).toEqual([{ sender: 'pubsub', reason: 'foreignToken', count: 1 }])
  })

  it('and the token of one that is old is refused, though it was right', async () => {
    const seconds = Math.floor(now / 1_000)
    const token = await google.token({ iat: seconds - 7_200, exp: seconds - 3_600 })
    expect((await push(pushed(gcsObject()), { authorization: `Bearer ${token}` })).statusCode).toBe(401)
    expect(server.refusals.report().counts).toEqual([{ sender: 'pubsub', reason: 'stale', count: 1 }])
  })

  it('reaches every repository of every source that its token speaks for', async () => {
    const wide = { ...bucket, name: 'all', addresses: ['gs://acme-beans/'], repositories: ['mill', 'beans'] }
    server = await createRecordingServer([], { sources: [bucket, wide], keysUrl: google.url })
    await push(pushed(gcsObject()))
    expect(server.changes.map(({ repository }) => repository)).toEqual(['beans', 'mill'])
  })
})
