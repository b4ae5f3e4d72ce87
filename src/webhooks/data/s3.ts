import { isEventBridge, translateEventBridge } from '../../events/s3-eventbridge.ts'
import { translateS3Notification } from '../../events/s3-notification.ts'
import { allowed, hmacAuthenticator, secretCheck, speakersOf } from '../signatures.ts'
import type { DataSender } from './data-sender.ts'

const hmacHeader = 'x-winnow-signature-256'

/** Stores that speak S3: what MinIO posts, what AWS sends through EventBridge, and whatever else posts `Records`. */
export const s3: DataSender = {
  path: 's3',
  signatureHeader: `Authorization or ${hmacHeader}`,
  speaksFor: ({ kind, secrets }) => kind === 's3' && secrets.length > 0,
  authenticator: (sources) => {
    const signed = hmacAuthenticator([hmacHeader])(sources)
    const holdersOf = secretCheck(speakersOf(sources))
    // A request that carries a signature is judged by it alone.
    return async (header, body, now) => {
      if (header(hmacHeader) !== '') return signed(header, body, now)
      const [, given = ''] = /^Bearer +(\S+) *$/i.exec(header('authorization')) ?? []
      return given === '' ? { ok: false, reason: 'forged' } : allowed(holdersOf(given))
    }
  },
  translate: ({ body }) => {
    if (isTest(body)) return { kind: 'pong' }
    return isEventBridge(body) ? translateEventBridge(body) : translateS3Notification(body)
  },
}

/** What S3 sends when notifications are set up. */
const isTest = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'Event' in body && body.Event === 's3:TestEvent'
