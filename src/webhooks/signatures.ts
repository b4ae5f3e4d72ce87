import { isUtf8 } from 'node:buffer'
import { createHash, timingSafeEqual } from 'node:crypto'
import { Webhooks } from '@octokit/webhooks'
import { Fault } from '../domain/errors.ts'
import type { Authenticate, Authentication, Signer } from './route.ts'

/** Whom the config gives secrets to sign with. */
export interface SecretHolder extends Signer {
  readonly secrets: readonly string[]
}

/** A secret, and those that whoever knows it speaks for. */
export interface Speaker<S extends Signer> {
  readonly secret: string
  readonly speaksFor: readonly S[]
}

/** Fault config_invalid where one has no secret, or an empty one: an unsigned webhook is an open door. */
export const speakersOf = <S extends SecretHolder>(holders: readonly S[]): readonly Speaker<S>[] => {
  for (const { name, secrets } of holders)
    if (secrets.length === 0 || secrets.some((secret) => secret.trim() === ''))
      throw new Fault('config_invalid', `${name} has no webhook secret, or an empty one`, {
        remedy: 'give it a secret of at least 32 random characters and the same one to its sender',
      })
  return [...new Set(holders.flatMap(({ secrets }) => secrets))].map((secret) => ({
    secret,
    speaksFor: holders.filter(({ secrets }) => secrets.includes(secret)),
  }))
}

/**
 * Checks the HMAC-SHA256 over the raw bytes, `sha256=…` or its bare hex digits, in the first of these headers that is
 * there, against every secret: the same work whichever fits and whatever the body says, so a caller without a secret
 * learns nothing of what the config names.
 */
export const hmacAuthenticator =
  (headers: readonly string[]) =>
  <S extends SecretHolder>(holders: readonly S[]): Authenticate<S> => {
    const speakers = speakersOf(holders).map(({ secret, speaksFor }) => ({
      webhooks: new Webhooks({ secret }),
      speaksFor,
    }))
    return async (header, body) => {
      const given = headers.map(header).find((value) => value !== '') ?? ''
      const [, digits] = /^(?:sha256=)?([0-9a-f]{64})$/.exec(given) ?? []
      if (digits === undefined || body.length === 0) return { ok: false, reason: 'forged' }
      // The library takes text. Text of valid UTF-8 stands for its bytes one to one; of anything else it does not,
      // and several bodies would pass under one signature.
      if (!isUtf8(body)) return { ok: false, reason: 'forged' }
      const text = body.toString('utf8')
      const fitting: S[] = []
      for (const { webhooks, speaksFor } of speakers)
        if (await webhooks.verify(text, `sha256=${digits}`)) fitting.push(...speaksFor)
      return allowed(fitting)
    }
  }

/** Those whose secret was sent as it is, compared in constant time, whatever its length. */
export const secretCheck = <S extends Signer>(speakers: readonly Speaker<S>[]): ((given: string) => readonly S[]) => {
  const digests = speakers.map(({ secret, speaksFor }) => ({ digest: sha256(secret), speaksFor }))
  return (given) => {
    const digest = sha256(given)
    return digests.flatMap((one) => (timingSafeEqual(one.digest, digest) ? one.speaksFor : []))
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** What the secrets that fitted allow. */
export const allowed = <S extends Signer>(speaksFor: readonly S[]): Authentication<S> =>
  speaksFor.length === 0 ? { ok: false, reason: 'forged' } : { ok: true, speaksFor: [...new Set(speaksFor)] }
