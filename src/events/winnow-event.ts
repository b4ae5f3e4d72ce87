import { z } from 'zod'
import type { CloudEvent } from './cloud-event.ts'
import { invalidNews, type NewsTranslation, newsOf } from './object-news.ts'
import { bucketName, checksumText, describeShape, generation, objectName, wholeNumber } from './object-shape.ts'

/** What a CloudEvent of anybody's own says of an object, whatever its type. */
const WinnowData = z.strictObject({
  uri: z
    .string()
    .max(1_500)
    .refine((uri) => isObjectAddress(uri), 'is no gs://bucket/name, s3://bucket/name or bq://project.dataset.table'),
  generation,
  size: wholeNumber.optional(),
  checksum: checksumText.regex(/^[a-z][a-z0-9-]{0,30}:./, 'is no algorithm:value').optional(),
  rows: wholeNumber.optional(),
  deleted: z.boolean().default(false),
})

const isObjectAddress = (uri: string): boolean => {
  const [, bucket, name] = /^(?:gs|s3):\/\/([^/]+)\/(.+)$/s.exec(uri) ?? []
  if (bucket !== undefined) return bucketName.safeParse(bucket).success && objectName.safeParse(name).success
  return /^bq:\/\/[\w.:-]{1,100}\.\w{1,1024}\.[\p{L}\p{M}\p{N}\p{Pc}\p{Pd} ]{1,300}$/u.test(uri)
}

export const translateWinnowEvent = ({ data }: CloudEvent): NewsTranslation => {
  const read = WinnowData.safeParse(data)
  if (!read.success) return invalidNews(`data: ${describeShape(read.error)}`)
  const { uri, generation, size, checksum, rows, deleted } = read.data
  // Without one a file could not be told from an empty one, which nobody reads.
  if (size === undefined && !deleted && !uri.startsWith('bq:')) return invalidNews('data: size: is missing')
  return newsOf(deleted ? 'deleted' : 'written', {
    uri,
    generation,
    size: size ?? 0,
    ...(checksum === undefined ? {} : { checksum }),
    ...(rows === undefined ? {} : { rows }),
  })
}
