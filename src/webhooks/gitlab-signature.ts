import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { Fault } from '../domain/errors.ts'
import type { Authenticate, WebhookRepository } from './sender.ts'
import { allowed, type Speaker, speakersOf } from './signatures.ts'

/** How far a signed delivery's time may be from ours: Standard Webhooks' own tolerance. */
const tolerance = 5 * 60_000
const signingPrefix = 'whsec_'
/** Bytes; the least that Standard Webhooks allow. */
const shortestKey = 24

/**
 * GitLab's two ways. A signing token (`whsec_…`) signs `id.timestamp.body` as Standard Webhooks do, and old deliveries
 * are refused. A secret token is sent as it is, in X-Gitlab-Token. A signing token never passes as a secret token, and
 * a delivery that carries a signature is judged by it alone: nobody talks Winnow down to the weaker way.
 */
export const gitlabAuthenticator = (repositories: readonly WebhookRepository[]): Authenticate => {
  const speakers = speakersOf(repositories)
  const signing = speakers
    .filter(({ secret }) => secret.startsWith(signingPrefix))
    .map((speaker) => ({ ...speaker, key: signingKey(speaker) }))
  const tokens = speakers
    .filter(({ secret }) => !secret.startsWith(signingPrefix))
    .map((speaker) => ({ ...speaker, digest: sha256(speaker.secret) }))

  return async (header, body, now) => {
    if (body.length === 0) return { ok: false, reason: 'forged' }
    const signature = header('webhook-signature')
    if (signature === '') {
      const given = sha256(header('x-gitlab-token'))
      return allowed(tokens.flatMap(({ digest, speaksFor }) => (timingSafeEqual(digest, given) ? speaksFor : [])))
    }
    const id = header('webhook-id')
    const timestamp = header('webhook-timestamp')
    if (id === '' || id.length > 255 || !/^\d{1,12}$/.test(timestamp)) return { ok: false, reason: 'forged' }
    // One v1 for each secret that the sender holds while it rotates them; a handful at most.
    const given = signature
      .split(' ')
      .slice(0, 8)
      .flatMap((part) => (part.startsWith('v1,') ? [Buffer.from(part.slice(3), 'base64')] : []))
    const fitting = signing.flatMap(({ key, speaksFor }) => {
      const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
      const fits = given.map((one) => one.length === expected.length && timingSafeEqual(one, expected))
      return fits.includes(true) ? speaksFor : []
    })
    if (fitting.length > 0 && Math.abs(now - Number(timestamp) * 1_000) > tolerance)
      return { ok: false, reason: 'stale' }
    return allowed(fitting)
  }
}

/** Base64 is read leniently, so a mistyped token could become an empty key, which anybody knows. */
const signingKey = ({ secret, speaksFor }: Speaker): Buffer => {
  const key = Buffer.from(secret.slice(signingPrefix.length), 'base64')
  if (key.length >= shortestKey) return key
  throw new Fault('config_invalid', `the signing token of the repository ${speaksFor[0]?.name} is not whole`, {
    remedy: 'copy all of it from GitLab: whsec_ and the base64 of at least 24 bytes',
  })
}

/** Of the same length whatever the text has, as the comparison in constant time needs. */
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
