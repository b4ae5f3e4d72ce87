import { expect, it } from 'vitest'
import { translatePubsubMessage } from './pubsub-message.ts'

const attributes = { bucketId: 'acme-beans', objectId: 'a.csv', objectGeneration: '7', eventType: 'OBJECT_FINALIZE' }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

it('reads a notification of a bucket', () => {
  const data = bytes(JSON.stringify({ bucket: 'acme-beans', name: 'a.csv', generation: 7, size: '5' }))
  expect(translatePubsubMessage({ attributes: { ...attributes, payloadFormat: 'JSON_API_V1' }, data })).toEqual({
    kind: 'news',
    news: [{ object: { uri: 'gs://acme-beans/a.csv', generation: '7', size: 5 }, event: 'written' }],
  })
})

it.each([
  ['nothing', {}, ''],
  ['other attributes', { colour: 'green' }, '{}'],
  ['a body that is no JSON', { ...attributes, payloadFormat: 'JSON_API_V1' }, '{"bucket":'],
  ['a body that nests without end', { ...attributes, payloadFormat: 'JSON_API_V1' }, '['.repeat(200_000)],
  ['bytes that are no text', { ...attributes, payloadFormat: 'JSON_API_V1' }, '\ud800'],
])('says of %s that it is invalid', (_what, given, text) => {
  expect(translatePubsubMessage({ attributes: given, data: bytes(text) }).kind).toBe('invalid')
})

const object = { bucket: 'acme-beans', name: 'a.csv', generation: '7', size: '5' }
const storageEvent = {
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-type': 'google.cloud.storage.object.v1.finalized',
  'ce-source': '//storage.googleapis.com/projects/_/buckets/acme-beans',
}
const ownEvent = {
  specversion: '1.0',
  id: '1',
  source: '/acme',
  type: 'a.b',
  data: { uri: 'gs://acme-beans/a.csv', generation: '7', size: 5 },
}
const auditEntry = {
  timestamp: '2026-11-27T02:07:51Z',
  protoPayload: {
    serviceName: 'bigquery.googleapis.com',
    resourceName: 'projects/acme/datasets/beans/tables/harvest',
    metadata: { tableDataChange: {} },
  },
}

it.each<[string, Record<string, string>, object, string]>([
  ['a CloudEvent of Eventarc’s, binary', storageEvent, object, 'gs://acme-beans/a.csv'],
  [
    'a CloudEvent of one’s own, structured',
    { 'content-type': 'application/cloudevents+json' },
    ownEvent,
    'gs://acme-beans/a.csv',
  ],
  ['the same without a label', {}, ownEvent, 'gs://acme-beans/a.csv'],
  ['several', { 'content-type': 'application/cloudevents-batch+json' }, [ownEvent], 'gs://acme-beans/a.csv'],
  [
    'an audit entry of BigQuery',
    { 'logging.googleapis.com/timestamp': '2026-11-27T02:07:51Z' },
    auditEntry,
    'bq://acme.beans.harvest',
  ],
])('reads %s', (_what, given, said, uri) => {
  expect(translatePubsubMessage({ attributes: given, data: bytes(JSON.stringify(said)) })).toMatchObject({
    kind: 'news',
    news: [{ object: { uri }, event: 'written' }],
  })
})
