import { z } from 'zod'
import { s3Generation, unquotedEtag } from '../domain/s3-generation.ts'
import { ignoredNews, invalidNews, misshapenNews, type NewsTranslation, newsOf, together } from './object-news.ts'
import { bucketName, describeShape, generation, objectName, wholeNumber } from './object-shape.ts'

const mostRecords = 1_000
const etag = generation

const S3Record = z.object({
  eventName: z.string().max(200),
  eventTime: generation.optional(),
  s3: z.object({
    bucket: z.object({ name: bucketName }),
    object: z.object({
      key: z.string().max(4_096),
      size: wholeNumber.optional(),
      eTag: etag.nullish(),
      versionId: z.string().max(256).nullish(),
      sequencer: generation.nullish(),
    }),
  }),
})

const Notification = z.object({
  /** MinIO says the first record's event and key beside the records, too. */
  EventName: z.string().max(200).optional(),
  Records: z.array(z.unknown()).max(mostRecords).nullish(),
})

/** S3's notification, `Records` with one object each, whose key is written as forms are. */
export const translateS3Notification = (body: unknown): NewsTranslation => {
  const read = Notification.safeParse(body)
  if (!read.success) return misshapenNews(read.error)
  const { EventName, Records } = read.data
  if (!Records) return invalidNews('Records: is missing')
  return together(Records.map((record) => translateRecord(record, EventName)))
}

const translateRecord = (value: unknown, outside: string | undefined): NewsTranslation => {
  const read = S3Record.safeParse(value)
  if (!read.success) return misshapenNews(read.error)
  const { eventName, eventTime, s3 } = read.data
  const { key, size, eTag, versionId, sequencer } = s3.object
  const event = eventName.replace(/^s3:/, '')
  if (outside !== undefined && outside.replace(/^s3:/, '') !== event)
    return invalidNews(`eventName: is ${JSON.stringify(eventName)} though EventName is another`)
  return translateS3Object(happeningOf(event), {
    bucket: s3.bucket.name,
    key: unescaped(key),
    size,
    etag: eTag ?? undefined,
    versionId: versionId ?? undefined,
    order: sequencer ?? eventTime,
    event,
  })
}

const happeningOf = (event: string): 'written' | 'deleted' | undefined => {
  if (event.startsWith('ObjectCreated:')) return 'written'
  return /^(?:ObjectRemoved|LifecycleExpiration):/.test(event) ? 'deleted' : undefined
}

/** Undefined where it is not written as forms are. */
const unescaped = (key: string): string | undefined => {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

export interface S3Object {
  readonly bucket: string
  readonly key: string | undefined
  readonly size: number | undefined
  readonly etag: string | undefined
  readonly versionId: string | undefined
  /** When it happened, or in which order: of a deletion that has no version. */
  readonly order: string | undefined
  /** As its sender calls it. */
  readonly event: string
}

export const translateS3Object = (happening: 'written' | 'deleted' | undefined, object: S3Object): NewsTranslation => {
  const { bucket, size, etag, versionId, order, event } = object
  if (happening === undefined) return ignoredNews(`${event} brings no other data`)
  const name = objectName.safeParse(object.key)
  if (!name.success) return invalidNews(`key: ${describeShape(name.error)}`)
  const uri = `s3://${bucket}/${name.data}`
  if (happening === 'deleted') {
    const gone = hasVersion(versionId) ? versionId : order
    return gone === undefined
      ? invalidNews('object: has neither versionId nor sequencer')
      : newsOf('deleted', { uri, generation: gone, size: size ?? 0 })
  }
  if (size === 0 && name.data.endsWith('/')) return ignoredNews(`${uri} marks a folder`)
  if (size === undefined || etag === undefined) return invalidNews('object: has no size or no eTag')
  return newsOf('written', {
    uri,
    generation: s3Generation({ versionId, etag, size }),
    size,
    checksum: `etag:${unquotedEtag(etag)}`,
  })
}

const hasVersion = (versionId: string | undefined): versionId is string =>
  versionId !== undefined && versionId !== '' && versionId !== 'null'
