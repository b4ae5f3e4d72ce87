import { z } from 'zod'
import { Fault, messageOf } from '../../domain/errors.ts'
import type { KeySet, SigningKeys } from '../../domain/ports/signing-keys.ts'
import type { Duration, Time } from '../../domain/time.ts'

export interface SigningKeysOptions {
  /** Of the config, and never of a payload. */
  readonly url: string
  readonly now: () => Time
  readonly timeout?: Duration
}

const minute = 60_000
/** Kept so long where their owner does not say, and within these bounds where it does. */
const shortestLife = minute
const longestLife = 24 * 60 * minute
const usualLife = 5 * minute
/** Between two looks for a key that is not there, or after a look that failed: whoever makes up key ids causes no more. */
const pauseBetweenLooks = 10_000
const defaultTimeout = 5_000
const mostBytes = 1_000_000

const Keys = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).max(100) })

interface Known {
  readonly keys: KeySet
  readonly until: Time
}

/** Public keys from one address (a JSON Web Key Set, as Google's), kept for as long as its answer may be. */
export const createSigningKeys = ({ url, now, timeout = defaultTimeout }: SigningKeysOptions): SigningKeys => {
  let known: Known | undefined
  let look: { readonly at: Time; readonly result: Promise<Known> } | undefined

  /** Whoever asks while a look is under way, or just after it, shares it. */
  const fresh = (): Promise<Known> => {
    if (look === undefined || now() - look.at >= pauseBetweenLooks) {
      const result = fetchKeys(url, now, timeout).then((found) => {
        known = found
        return found
      })
      // Those who ask hear of it.
      result.catch(() => {})
      look = { at: now(), result }
    }
    return look.result
  }

  return async (keyId) => {
    if (known !== undefined && known.until > now() && known.keys.keys.some(({ kid }) => kid === keyId))
      return known.keys
    return (await fresh()).keys
  }
}

const fetchKeys = async (url: string, now: () => Time, timeout: Duration): Promise<Known> => {
  try {
    // An address that leads elsewhere is not the one that the config names.
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout), redirect: 'error' })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    const keys = Keys.parse(JSON.parse(await readText(response)))
    return { keys, until: now() + lifeOf(response.headers.get('cache-control') ?? '') }
  } catch (cause) {
    throw new Fault('source_unavailable', `The keys at ${url} cannot be had: ${reasonOf(cause)}`, {
      retryable: true,
      remedy: 'See that this machine reaches google.certsUrl of the config.',
      cause,
    })
  }
}

const reasonOf = (cause: unknown): string =>
  cause instanceof z.ZodError || cause instanceof SyntaxError ? 'they are no set of JSON Web Keys' : messageOf(cause)

const readText = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > mostBytes) throw new Error(`it answered with more than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const lifeOf = (cacheControl: string): Duration => {
  const [, seconds] = /(?:^|[\s,])max-age=(\d{1,9})/.exec(cacheControl) ?? []
  const life = seconds === undefined ? usualLife : Number(seconds) * 1_000
  return Math.min(longestLife, Math.max(shortestLife, life))
}
