import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { translateCloudStorageNotification } from './cloud-storage-notification.ts'

const attributes = {
  bucketId: 'acme-beans',
  objectId: 'incoming/2026-11-27/a.csv',
  objectGeneration: '1795745272509123',
  eventType: 'OBJECT_FINALIZE',
  payloadFormat: 'JSON_API_V1',
  eventTime: '2026-11-27T02:07:51Z',
  notificationConfig: 'projects/_/buckets/acme-beans/notificationConfigs/1',
}
const body = {
  kind: 'storage#object',
  bucket: 'acme-beans',
  name: 'incoming/2026-11-27/a.csv',
  generation: '1795745272509123',
  size: '42',
  crc32c: 'AAAAAA==',
}
const uri = 'gs://acme-beans/incoming/2026-11-27/a.csv'

describe('a notification of a bucket', () => {
  it('tells of an object at its generation, with size and checksum', () => {
    expect(translateCloudStorageNotification(attributes, body)).toEqual({
      kind: 'news',
      news: [
        {
          object: { uri, generation: '1795745272509123', size: 42, checksum: 'crc32c:AAAAAA==' },
          event: 'written',
        },
      ],
    })
  })

  it('needs a body, which says its size: an empty object is one that nobody reads', () => {
    const bare = { ...attributes, payloadFormat: 'NONE' }
    expect(translateCloudStorageNotification(bare, undefined)).toMatchObject({ kind: 'invalid' })
    expect(translateCloudStorageNotification({ ...bare, eventType: 'OBJECT_DELETE' }, undefined)).toMatchObject({
      kind: 'news',
      news: [{ object: { uri, size: 0 }, event: 'deleted' }],
    })
  })

  it('is of no object where it only marks a folder', () => {
    const folder = { ...body, name: 'incoming/', size: '0' }
    expect(translateCloudStorageNotification({ ...attributes, objectId: 'incoming/' }, folder).kind).toBe('ignored')
  })

  it.each([
    [{ eventType: 'OBJECT_DELETE' }, 'news'],
    [{ eventType: 'OBJECT_ARCHIVE' }, 'news'],
    [{ eventType: 'OBJECT_DELETE', overwrittenByGeneration: '9' }, 'ignored'],
    [{ eventType: 'OBJECT_METADATA_UPDATE' }, 'ignored'],
    [{ objectId: 'incoming/' }, 'invalid'],
    [{ objectId: 'incoming/../private/a.csv' }, 'invalid'],
    [{ objectId: 'incoming/a\u0000.csv' }, 'invalid'],
    [{ objectId: '' }, 'invalid'],
    [{ objectGeneration: 'newest' }, 'invalid'],
    [{ bucketId: '../other' }, 'invalid'],
    [{ payloadFormat: 'XML' }, 'invalid'],
    [{ objectId: 'incoming/other.csv' }, 'invalid'],
    [{ bucketId: 'other-bucket' }, 'invalid'],
    [{ objectGeneration: '1' }, 'invalid'],
  ])('%o is %s', (over, kind) => {
    expect(translateCloudStorageNotification({ ...attributes, ...over }, body).kind).toBe(kind)
  })

  it('says a deletion by the generation that is gone', () => {
    expect(translateCloudStorageNotification({ ...attributes, eventType: 'OBJECT_DELETE' }, body)).toEqual({
      kind: 'news',
      news: [{ object: { uri, generation: '1795745272509123', size: 0 }, event: 'deleted' }],
    })
  })

  it('is total, and speaks of no bucket but that of its attributes', () => {
    const anyAttributes = fc.record(
      Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [key, fc.oneof(fc.constant(value), fc.string())]),
      ),
      { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>
    const anyBody = fc.oneof(fc.constant(body), fc.jsonValue(), fc.constant(undefined))
    fc.assert(
      fc.property(anyAttributes, anyBody, (given, said) => {
        const translation = translateCloudStorageNotification(given, said)
        if (translation.kind !== 'news') return translation.reason.length > 0
        return translation.news.every(({ object }) => object.uri === `gs://${given['bucketId']}/${given['objectId']}`)
      }),
    )
  })
})
