import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DataNews, dataChange } from './data-change.ts'

const news: DataNews = {
  repository: 'beans',
  pipeline: null,
  sender: 'pubsub',
  object: { uri: 'gs://acme/incoming/a.csv', generation: '17', size: 3, checksum: 'crc32c:AAAAAA==' },
  event: 'written',
  at: 1_000,
}

describe('the change that an object is', () => {
  it('has one key, whoever tells of it, whenever, and however much they know of it', () => {
    const { dedupeKey } = dataChange(news)
    fc.assert(
      fc.property(
        fc.constantFrom('pubsub', 'eventarc', 's3', 'events', 'poll'),
        fc.nat(),
        fc.nat(),
        (sender, at, size) => {
          expect(dataChange({ ...news, sender, at, object: { ...news.object, size } }).dedupeKey).toBe(dedupeKey)
        },
      ),
    )
    expect(dedupeKey).toBe('data:beans:gs://acme/incoming/a.csv#17:written')
  })

  it.each([
    ['another repository', { ...news, repository: 'peas' }],
    ['another address', { ...news, object: { ...news.object, uri: 'gs://acme/incoming/b.csv' } }],
    ['another generation', { ...news, object: { ...news.object, generation: '18' } }],
    ['its deletion', { ...news, event: 'deleted' }],
    ['what a pipeline saw for itself', { ...news, pipeline: 'train' }],
  ] as const)('has another key for %s', (_, other) => {
    expect(dataChange(other).dedupeKey).not.toBe(dataChange(news).dedupeKey)
  })

  it('carries what is known of the object, and says deleted only of a deleted one', () => {
    expect(dataChange(news).cause).toEqual({ kind: 'data', pipeline: null, ...news.object })
    expect(dataChange({ ...news, event: 'deleted' }).cause).toMatchObject({ event: 'deleted' })
  })
})
