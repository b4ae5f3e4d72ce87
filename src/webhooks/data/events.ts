import { Fault } from '../../domain/errors.ts'
import { readCloudEvents } from '../../events/cloud-event.ts'
import { invalidNews, together } from '../../events/object-news.ts'
import { translateWinnowEvent } from '../../events/winnow-event.ts'
import { type Speaker, speakersOf } from '../signatures.ts'
import { checkStandardWebhook, isSigningToken, type SigningKey, signingKey } from '../standard-webhook.ts'
import type { DataSender, WebhookSource } from './data-sender.ts'

/** CloudEvents of anybody who shares a secret with the config, signed as Standard Webhooks are. */
export const events: DataSender = {
  path: 'events',
  signatureHeader: 'webhook-signature',
  speaksFor: ({ kind, secrets }) => kind === 'events' && secrets.length > 0,
  authenticator: (sources) => {
    const keys = speakersOf(sources).map(keyOf)
    return async (header, body, now) => checkStandardWebhook(keys, header, body, now)
  },
  // The signature covers the body, not the headers: what an event says of an object is all in its data.
  translate: (delivery) => {
    const read = readCloudEvents(delivery)
    return read.ok ? together(read.events.map(translateWinnowEvent)) : invalidNews(read.reason)
  },
}

/** A signing token holds its key in base64; any other secret is the key as it stands. */
const keyOf = ({ secret, speaksFor }: Speaker<WebhookSource>): SigningKey<WebhookSource> => {
  const key = isSigningToken(secret) ? signingKey(secret) : Buffer.from(secret, 'utf8')
  if (key !== undefined) return { key, speaksFor }
  throw new Fault('config_invalid', `the signing token of the source ${speaksFor[0]?.name} is not whole`, {
    remedy: 'write whsec_ and the base64 of at least 24 random bytes, or a secret without whsec_',
  })
}
