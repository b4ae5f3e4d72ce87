import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Time } from '../domain/time.ts'
import type { Authentication, Header, Signer } from './route.ts'
import { allowed } from './signatures.ts'

/** How far a signed delivery's time may be from ours: Standard Webhooks' own tolerance. */
const tolerance = 5 * 60_000
/** One v1 for each secret that the sender holds while it rotates them; a handful at most. */
const mostSignatures = 8

const signingPrefix = 'whsec_'
/** Bytes; the least that Standard Webhooks allow. */
const shortestKey = 24

export const isSigningToken = (secret: string): boolean => secret.startsWith(signingPrefix)

/** The key of a token `whsec_…`; undefined where it is not whole. */
export const signingKey = (token: string): Buffer | undefined => {
  // Base64 is read leniently, so a mistyped token could become an empty key, which anybody knows.
  const key = Buffer.from(token.slice(signingPrefix.length), 'base64')
  return key.length >= shortestKey ? key : undefined
}

export interface SigningKey<S extends Signer> {
  readonly key: Buffer
  readonly speaksFor: readonly S[]
}

/**
 * Checks a delivery as Standard Webhooks sign it: an HMAC-SHA256 over `id.timestamp.body` in `webhook-signature`, which
 * is refused once it is old.
 */
export const checkStandardWebhook = <S extends Signer>(
  keys: readonly SigningKey<S>[],
  header: Header,
  body: Buffer,
  now: Time,
): Authentication<S> => {
  const id = header('webhook-id')
  const timestamp = header('webhook-timestamp')
  if (id === '' || id.length > 255 || !/^\d{1,12}$/.test(timestamp)) return { ok: false, reason: 'forged' }
  const given = header('webhook-signature')
    .split(' ')
    .slice(0, mostSignatures)
    .flatMap((part) => (part.startsWith('v1,') ? [Buffer.from(part.slice(3), 'base64')] : []))
  const fitting = keys.flatMap(({ key, speaksFor }) => {
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
    const fits = given.map((one) => one.length === expected.length && timingSafeEqual(one, expected))
    return fits.includes(true) ? speaksFor : []
  })
  if (fitting.length > 0 && Math.abs(now - Number(timestamp) * 1_000) > tolerance) return { ok: false, reason: 'stale' }
  return allowed(fitting)
}
