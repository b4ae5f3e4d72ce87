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
