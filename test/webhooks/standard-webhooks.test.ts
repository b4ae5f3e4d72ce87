import { randomBytes, randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import type { WebhookSource } from '../../src/webhooks/data/data-sender.ts'
import { cloudEvent } from './data-senders.ts'
import { createRecordingServer } from './recording-server.ts'

// What people sign with: the client of those who wrote the specification.

const token = `whsec_${randomBytes(32).toString('base64')}`
const source: WebhookSource = {
  name: 'harvester',
  kind: 'events',
  addresses: ['gs://acme-beans/incoming/'],
  repositories: ['beans'],
  secrets: [token],
}
const event = (name: string) => cloudEvent({ uri: `gs://acme-beans/incoming/${name}`, generation: '17', size: 1_024 })

const send = async (body: unknown, type: string, secret = token) => {
  // Standard Webhooks' client knows no clock but the machine's.
  const server = await createRecordingServer([], { sources: [source], clock: Date.now })
  const id = randomUUID()
  const at = new Date()
  const text = JSON.stringify(body)
  const response = await server.app.inject({
    method: 'POST',
    url: '/webhooks/events',
    payload: text,
    headers: {
      'content-type': type,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, at, text),
    },
  })
  return { status: response.statusCode, uris: server.changes.map(({ cause }) => 'uri' in cause && cause.uri) }
}

it('takes what Standard Webhooks’ own client signs', async () => {
  expect(await send(event('a.csv'), 'application/cloudevents+json')).toEqual({
    status: 202,
    uris: ['gs://acme-beans/incoming/a.csv'],
  })
  expect(await send([event('é.csv'), event('b.csv')], 'application/cloudevents-batch+json')).toEqual({
    status: 202,
    uris: ['gs://acme-beans/incoming/é.csv', 'gs://acme-beans/incoming/b.csv'],
  })
})

it('takes nothing that it signs with another token', async () => {
  const other = `whsec_${randomBytes(32).toString('base64')}`
  expect(await send(event('a.csv'), 'application/cloudevents+json', other)).toEqual({ status: 401, uris: [] })
})
