import { z } from 'zod'
import { misshapenNews, type NewsTranslation } from './object-news.ts'
import { bucketName, generation, wholeNumber } from './object-shape.ts'
import { translateS3Object } from './s3-notification.ts'

const EventBridge = z.object({
  'detail-type': z.string().max(200),
  time: generation.optional(),
  detail: z.object({
    bucket: z.object({ name: bucketName }),
    object: z.object({
      /** As it is: EventBridge does not escape it. */
      key: z.string().max(4_096),
      size: wholeNumber.optional(),
      etag: generation.optional(),
      'version-id': z.string().max(256).optional(),
      sequencer: generation.optional(),
    }),
  }),
})

const happenings: Readonly<Record<string, 'written' | 'deleted'>> = {
  'Object Created': 'written',
  'Object Deleted': 'deleted',
}

export const isEventBridge = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'source' in body && body.source === 'aws.s3'

/** An event of S3 as an API destination of EventBridge posts it: AWS's own way to a web address. */
export const translateEventBridge = (body: unknown): NewsTranslation => {
  const read = EventBridge.safeParse(body)
  if (!read.success) return misshapenNews(read.error)
  const { 'detail-type': event, time, detail } = read.data
  const { key, size, etag, 'version-id': versionId, sequencer } = detail.object
  return translateS3Object(Object.hasOwn(happenings, event) ? happenings[event] : undefined, {
    bucket: detail.bucket.name,
    key,
    size,
    etag,
    versionId,
    order: sequencer ?? time,
    event,
  })
}
