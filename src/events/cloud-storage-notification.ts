import { z } from 'zod'
import { ignoredNews, invalidNews, misshapenNews, type NewsTranslation } from './object-news.ts'

const attributes = z.object({
  bucketId: z.string().regex(/^[a-z0-9][\w.-]{1,220}[a-z0-9]$/, 'is no name of a bucket'),
  objectId: z.string().min(1).max(1_024),
  objectGeneration: z.string().regex(/^\d{1,20}$/, 'is no generation'),
  eventType: z.string().min(1),
  payloadFormat: z.enum(['JSON_API_V1', 'NONE']).default('NONE'),
  /** Of a deletion: a newer generation took the place. */
  overwrittenByGeneration: z.string().optional(),
})

const resource = z.object({
  bucket: z.string(),
  name: z.string(),
  generation: z.coerce.string(),
  size: z.coerce.number().int().min(0),
  crc32c: z.string().max(20).optional(),
})

/** Whether a Pub/Sub message says that it is a notification of a bucket. */
export const isCloudStorageNotification = (given: Readonly<Record<string, string>>): boolean =>
  given['bucketId'] !== undefined && given['eventType'] !== undefined

/**
 * A bucket's notification: the attributes of its Pub/Sub message, and its body, undefined where that is no JSON. What
 * was deleted because a newer generation took its place is no news: that generation is told of by its own message.
 */
export const translateCloudStorageNotification = (
  given: Readonly<Record<string, string>>,
  body: unknown,
): NewsTranslation => {
  const read = attributes.safeParse(given)
  if (!read.success) return misshapenNews(read.error)
  const { bucketId, objectId, objectGeneration, eventType, payloadFormat, overwrittenByGeneration } = read.data
  const uri = `gs://${bucketId}/${objectId}`
  if (objectId.endsWith('/')) return ignoredNews(`${uri} marks a folder`)

  const object = { uri, generation: objectGeneration, size: 0 }
  switch (eventType) {
    case 'OBJECT_FINALIZE':
      break
    case 'OBJECT_DELETE':
    case 'OBJECT_ARCHIVE':
      return overwrittenByGeneration === undefined
        ? { kind: 'news', news: [{ object, event: 'deleted' }] }
        : ignoredNews(`generation ${overwrittenByGeneration} of ${uri} took its place`)
    default:
      return ignoredNews(`${eventType} brings no other data`)
  }
  if (payloadFormat === 'NONE') return { kind: 'news', news: [{ object, event: 'written' }] }

  const stated = resource.safeParse(body)
  if (!stated.success) return misshapenNews(stated.error)
  const { bucket, name, generation, size, crc32c } = stated.data
  if (bucket !== bucketId || name !== objectId || generation !== objectGeneration)
    return invalidNews('its attributes speak of another object than its body')
  return {
    kind: 'news',
    news: [
      {
        object: { ...object, size, ...(crc32c === undefined ? {} : { checksum: `crc32c:${crc32c}` }) },
        event: 'written',
      },
    ],
  }
}
