import { z } from 'zod'
import { ignoredNews, invalidNews, misshapenNews, type NewsTranslation, newsOf } from './object-news.ts'
import { bucketName, checksumText, digits, objectName, wholeNumber } from './object-shape.ts'

/** Which object, as attributes of a message or of an event name it. */
const ObjectIdentity = z.object({ bucket: bucketName, name: objectName, generation: digits })
export type ObjectIdentity = z.input<typeof ObjectIdentity>

/** An object as Cloud Storage describes it, in notifications and in events alike. */
const Description = ObjectIdentity.extend({
  size: wholeNumber,
  crc32c: checksumText.optional(),
  md5Hash: checksumText.optional(),
})

/** What an object that was written means. Where it is told beside the description which object it is, both must say the same. */
export const translateWritten = (description: unknown, beside: Partial<ObjectIdentity>): NewsTranslation => {
  const read = Description.safeParse(description)
  if (!read.success) return misshapenNews(read.error)
  const { bucket, name, generation, size, crc32c, md5Hash } = read.data
  const different = differenceBetween({ bucket, name, generation }, beside)
  if (different !== undefined) return invalidNews(different)
  if (size === 0 && name.endsWith('/')) return ignoredNews(`gs://${bucket}/${name} marks a folder`)
  const checksum = crc32c === undefined ? (md5Hash === undefined ? undefined : `md5:${md5Hash}`) : `crc32c:${crc32c}`
  return newsOf('written', {
    uri: `gs://${bucket}/${name}`,
    generation,
    size,
    ...(checksum === undefined ? {} : { checksum }),
  })
}

/** What a generation that is gone means. */
export const translateGone = (identity: unknown, beside: Partial<ObjectIdentity>): NewsTranslation => {
  const read = ObjectIdentity.safeParse(identity)
  if (!read.success) return misshapenNews(read.error)
  const { bucket, name, generation } = read.data
  const different = differenceBetween(read.data, beside)
  if (different !== undefined) return invalidNews(different)
  return name.endsWith('/')
    ? ignoredNews(`gs://${bucket}/${name} marks a folder`)
    : newsOf('deleted', { uri: `gs://${bucket}/${name}`, generation, size: 0 })
}

const differenceBetween = (
  said: z.output<typeof ObjectIdentity>,
  beside: Partial<ObjectIdentity>,
): string | undefined => {
  const part = (['bucket', 'name', 'generation'] as const).find(
    (key) => beside[key] !== undefined && String(beside[key]) !== said[key],
  )
  return part && `${part}: the body speaks of another object than what is said beside it`
}
