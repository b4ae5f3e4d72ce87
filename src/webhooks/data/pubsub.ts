import { z } from 'zod'
import type { SigningKeys } from '../../domain/ports/signing-keys.ts'
import { misshapenNews, type NewsTranslation } from '../../events/object-news.ts'
import { translatePubsubMessage, translateReadMessage } from '../../events/pubsub-message.ts'
import type { Delivery } from '../route.ts'
import type { DataSender } from './data-sender.ts'
import { googleAuthenticator } from './google-token.ts'

/** What Pub/Sub pushes, beside the ids that Winnow has no use for: an object's generation tells duplicates. */
const Envelope = z.object({
  message: z.object({
    data: z.base64('is no base64').nullish(),
    attributes: z.record(z.string(), z.string()).nullish(),
  }),
  subscription: z.string(),
})

const isEnvelope = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'message' in body && 'subscription' in body

const translatePush = (delivery: Delivery): NewsTranslation => {
  if (!isEnvelope(delivery.body))
    return translateReadMessage({ attributes: attributesOf(delivery), body: delivery.body })
  const read = Envelope.safeParse(delivery.body)
  if (!read.success) return misshapenNews(read.error)
  const { data, attributes } = read.data.message
  return translatePubsubMessage({ attributes: attributes ?? {}, data: Buffer.from(data ?? '', 'base64') })
}

/** Attributes by which Winnow knows what a message is; headers have lost their capitals. */
const attributeNames = [
  ...['bucketId', 'objectId', 'objectGeneration', 'eventType', 'payloadFormat', 'overwrittenByGeneration'],
  ...['ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'ce-subject'],
]

/** Without its envelope a message is the body, and its attributes are headers where the subscription writes metadata. */
const attributesOf = ({ header }: Delivery): Readonly<Record<string, string>> =>
  Object.fromEntries(
    attributeNames.flatMap((name) => {
      const value = Buffer.from(header(name.toLowerCase()), 'latin1').toString('utf8')
      return value === '' ? [] : [[name, value]]
    }),
  )

/** Pub/Sub's push subscriptions, with and without the envelope. */
export const pubsub = (keys: SigningKeys): DataSender => ({
  path: 'pubsub',
  signatureHeader: 'Authorization',
  speaksFor: ({ push }) => push !== undefined,
  authenticator: googleAuthenticator(keys),
  translate: translatePush,
})
