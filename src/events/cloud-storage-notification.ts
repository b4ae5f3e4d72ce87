import { z } from 'zod'
import { translateGone, translateWritten } from './cloud-storage-object.ts'
import { ignoredNews, invalidNews, misshapenNews, type NewsTranslation } from './object-news.ts'
import { bucketName, digits, objectName } from './object-shape.ts'

const attributes = z.object({
  bucketId: bucketName,
  objectId: objectName,
  objectGeneration: digits,
  eventType: z.string().min(1).max(100),
  payloadFormat: z.enum(['JSON_API_V1', 'NONE']).default('NONE'),
  /** Of a deletion: a newer generation took the place. */
  overwrittenByGeneration: z.string().max(20).optional(),
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
  const identity = { bucket: bucketId, name: objectId, generation: objectGeneration }
  switch (eventType) {
    case 'OBJECT_FINALIZE':
      // Without a size a file could not be told from an empty one, which nobody reads.
      return payloadFormat === 'NONE'
        ? invalidNews('payloadFormat: is NONE, and without a body there is no size: make the notification with JSON')
        : translateWritten(body, identity)
    case 'OBJECT_DELETE':
    case 'OBJECT_ARCHIVE':
      return overwrittenByGeneration === undefined
        ? translateGone(body ?? identity, identity)
        : ignoredNews(`generation ${overwrittenByGeneration} took its place, and has its own notification`)
    default:
      return ignoredNews(`${eventType} brings no other data`)
  }
}
