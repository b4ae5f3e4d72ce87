import { createLocalJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { isFault, messageOf } from '../../domain/errors.ts'
import type { KeySet, SigningKeys } from '../../domain/ports/signing-keys.ts'
import type { Time } from '../../domain/time.ts'
import type { Authenticate, Authentication } from '../route.ts'
import type { WebhookSource } from './data-sender.ts'

const issuers = ['https://accounts.google.com', 'accounts.google.com']
/** Seconds that clocks may differ. */
const tolerance = 60
const longestToken = 8_192

type Refused = Extract<Authentication<WebhookSource>, { ok: false }>
const forged: Refused = { ok: false, reason: 'forged' }

/**
 * Checks the token that Google signs for a push subscription or a trigger: RS256 by one of Google's keys, issuer, expiry,
 * then audience and a verified e-mail, which say for which sources it speaks. Keys come from the config's address alone.
 */
export const googleAuthenticator =
  (keys: SigningKeys) =>
  (sources: readonly WebhookSource[]): Authenticate<WebhookSource> =>
  async (header, _body, now) => {
    const [, token] = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+) *$/i.exec(header('authorization')) ?? []
    if (token === undefined || token.length > longestToken) return forged
    const verified = await verify(token, keys, now)
    return verified.ok ? speakersOf(verified.claims, sources) : verified.refused
  }

const verify = async (
  token: string,
  keys: SigningKeys,
  now: Time,
): Promise<{ ok: true; claims: JWTPayload } | { ok: false; refused: Refused }> => {
  try {
    const { kid, alg } = decodeProtectedHeader(token)
    if (kid === undefined || alg !== 'RS256') return { ok: false, refused: forged }
    const { payload } = await jwtVerify(token, localSet(await keys(kid)), {
      algorithms: ['RS256'],
      issuer: issuers,
      requiredClaims: ['exp', 'aud', 'email'],
      clockTolerance: tolerance,
      currentDate: new Date(now),
    })
    return { ok: true, claims: payload }
  } catch (error) {
    if (isFault(error))
      return { ok: false, refused: { ok: false, reason: 'keysUnavailable', detail: messageOf(error) } }
    // The library looks at the signature before it looks at the time.
    if (error instanceof errors.JWTExpired) return { ok: false, refused: { ok: false, reason: 'stale' } }
    if (error instanceof errors.JOSEError || error instanceof TypeError) return { ok: false, refused: forged }
    throw error
  }
}

const sets = new WeakMap<KeySet, ReturnType<typeof createLocalJWKSet>>()

/** Made once for each set of keys, so that a key is read once. */
const localSet = (keys: KeySet): ReturnType<typeof createLocalJWKSet> => {
  const known = sets.get(keys)
  if (known !== undefined) return known
  const made = createLocalJWKSet({ keys: [...keys.keys] })
  sets.set(keys, made)
  return made
}

/** Anybody may have Google sign a token for any audience, so it is the account that counts, and that Google has verified it. */
const speakersOf = (claims: JWTPayload, sources: readonly WebhookSource[]): Authentication<WebhookSource> => {
  const { aud, email, email_verified: verified } = claims
  const speaksFor = sources.filter(
    ({ push }) => push !== undefined && aud === push.audience && email === push.email && verified === true,
  )
  if (speaksFor.length > 0) return { ok: true, speaksFor }
  const detail = `a token of ${short(email)}${verified === true ? '' : ', not verified,'} for the audience ${short(aud)}`
  return { ok: false, reason: 'foreignToken', detail }
}

const short = (claim: unknown): string => (JSON.stringify(claim) ?? 'nobody').slice(0, 300)
