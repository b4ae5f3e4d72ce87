import { describe, expect, it } from 'vitest'
import { isEventBridge, translateEventBridge } from './s3-eventbridge.ts'
import { translateS3Notification } from './s3-notification.ts'

const put = {
  key: 'incoming/a.csv',
  size: 42,
  eTag: 'd41d8cd98f00b204e9800998ecf8427e',
  sequencer: '0055AED6DCD90281E5',
}
const record = (eventName: string, object: object = {}) => ({
  eventName,
  eventTime: '2026-11-27T02:07:51.123Z',
  s3: { bucket: { name: 'acme-beans' }, object: { ...put, ...object } },
})
const objectOf = (object: object) => {
  const translation = translateS3Notification({ Records: [record('ObjectCreated:Put', object)] })
  return translation.kind === 'news' ? translation.news[0]?.object : translation
}

describe('a notification of S3', () => {
  it.each([
    ['plain', 'incoming/a.csv', 'incoming/a.csv'],
    ['with a space and a plus', 'incoming/a+b%2Bc.csv', 'incoming/a b+c.csv'],
    ['with an escaped slash', 'incoming%2Fa.csv', 'incoming/a.csv'],
    ['with letters of others', 'incoming/%C3%A9t%C3%A9/%F0%9F%8C%BE.csv', 'incoming/été/🌾.csv'],
    ['with a hash and a question mark', 'incoming/a%23b%3F.csv', 'incoming/a#b?.csv'],
  ])('names its object %s', (_what, key, name) => {
    expect(objectOf({ key })).toMatchObject({ uri: `s3://acme-beans/${name}` })
  })

  it.each([
    ['its ETag and size', {}, 'd41d8cd98f00b204e9800998ecf8427e:42'],
    ['its ETag without quotes', { eTag: '"abc-7"' }, 'abc-7:42'],
    ['its version', { versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko' }, '096fKKXTRTtl3on89fVO.nfljtsv6qko'],
    ['no version that is none', { versionId: 'null' }, 'd41d8cd98f00b204e9800998ecf8427e:42'],
  ])('has for a generation %s', (_what, object, generation) => {
    expect(objectOf(object)).toMatchObject({ generation })
  })

  it.each([
    ['a key that is not written as forms are', { key: 'a%ZZ' }],
    ['half a letter', { key: '%C3' }],
    ['a way out of the prefix', { key: 'incoming/%2E%2E/private.csv' }],
    ['a character that nobody sees', { key: 'a%00.csv' }],
    ['no key', { key: '' }],
    ['no size', { size: undefined }],
    ['a negative size', { size: -1 }],
    ['a size beyond counting', { size: '99999999999999999' }],
    ['no ETag', { eTag: undefined }],
  ])('with %s is refused', (_what, object) => {
    expect(objectOf(object)).toMatchObject({ kind: 'invalid' })
  })

  it.each([
    ['ObjectRemoved:Delete', {}, '0055AED6DCD90281E5'],
    ['ObjectRemoved:DeleteMarkerCreated', { versionId: 'marker-1' }, 'marker-1'],
    ['s3:LifecycleExpiration:Delete', { sequencer: undefined }, '2026-11-27T02:07:51.123Z'],
  ])('%s says that it is gone', (event, object, generation) => {
    expect(translateS3Notification({ Records: [record(event, object)] })).toEqual({
      kind: 'news',
      news: [{ event: 'deleted', object: { uri: 's3://acme-beans/incoming/a.csv', generation, size: 42 } }],
    })
  })

  it.each([
    'ObjectTagging:Put',
    's3:ObjectAccessed:Get',
    'ObjectRestore:Completed',
    'ReducedRedundancyLostObject',
    '__proto__',
  ])('%s brings nothing', (event) => {
    expect(translateS3Notification({ Records: [record(event)] }).kind).toBe('ignored')
  })

  it('tells of all its records, or of none', () => {
    const second = record('ObjectCreated:Copy', { key: 'incoming/b.csv' })
    const both = translateS3Notification({
      Records: [record('ObjectCreated:Put'), record('ObjectTagging:Put'), second],
    })
    expect(both.kind === 'news' && both.news.map(({ object }) => object.uri)).toEqual([
      's3://acme-beans/incoming/a.csv',
      's3://acme-beans/incoming/b.csv',
    ])
    expect(translateS3Notification({ Records: [record('ObjectCreated:Put'), { ...second, s3: {} }] })).toEqual({
      kind: 'invalid',
      reason: expect.stringMatching(/^record 1: s3\.bucket/),
    })
    expect(translateS3Notification({ Records: Array.from({ length: 1_001 }, () => second) }).kind).toBe('invalid')
  })
})

describe('an event of S3 by EventBridge', () => {
  const event = (type: string, object: object = {}) => ({
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': type,
    source: 'aws.s3',
    time: '2026-11-27T02:07:51Z',
    detail: {
      version: '0',
      bucket: { name: 'acme-beans' },
      object: { key: 'incoming/a b%20c.csv', size: 42, etag: 'abc', sequencer: '00617F08299329D189', ...object },
      reason: 'PutObject',
    },
  })

  it('names its object as it is, and tells the same of it as a notification', () => {
    expect(isEventBridge(event('Object Created'))).toBe(true)
    expect(translateEventBridge(event('Object Created'))).toEqual({
      kind: 'news',
      news: [
        {
          event: 'written',
          object: { uri: 's3://acme-beans/incoming/a b%20c.csv', generation: 'abc:42', size: 42, checksum: 'etag:abc' },
        },
      ],
    })
    expect(translateEventBridge(event('Object Created', { 'version-id': 'v-1' }))).toMatchObject({
      news: [{ object: { generation: 'v-1' } }],
    })
  })

  it.each([
    ['Object Deleted', 'news'],
    ['Object Tags Added', 'ignored'],
    ['constructor', 'ignored'],
  ])('%s is %s', (type, kind) => {
    expect(translateEventBridge(event(type)).kind).toBe(kind)
  })
})
