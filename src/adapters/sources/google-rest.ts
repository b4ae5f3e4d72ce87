import { GoogleAuth } from 'google-auth-library'
import { messageOf } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { type Answer, ask, type Patience, refused } from './calls.ts'

export interface GoogleRestOptions {
  /** Google's own, or what speaks like it. */
  readonly endpoint: string
  readonly scopes: readonly string[]
  readonly patience?: Patience
  /** Statuses that are answers beside 2xx. Default: 404. */
  readonly answers?: readonly number[]
  /** What a refusal is to be mended by, where it is not the right to read. */
  readonly remedy?: string
}

/** GET of a path below the endpoint, POST where there is a body, JSON or its text; faults name `address`. */
export type GoogleCall = (
  path: string,
  query: Readonly<Record<string, string>>,
  address: string,
  signal: AbortSignal,
  body?: JsonObject | string,
) => Promise<Answer>

/**
 * Google's REST APIs with the application default credentials. Over plain http, which emulators speak, no token is sent:
 * it would be there for everybody to read.
 */
export const createGoogleRest = ({ endpoint, scopes, patience, answers, remedy }: GoogleRestOptions): GoogleCall => {
  const base = endpoint.replace(/\/+$/, '')
  const auth = base.startsWith('https:') ? new GoogleAuth({ scopes: [...scopes] }) : undefined
  return (path, query, address, signal, body) => {
    const url = `${base}${path}?${new URLSearchParams(query)}`
    const sent =
      body === undefined
        ? { method: 'GET', headers: {} }
        : {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: typeof body === 'string' ? body : JSON.stringify(body),
          }
    const attempt = async (limited: AbortSignal): Promise<Response> => {
      const headers = { ...sent.headers, ...(await headersOf(auth, address, limited)) }
      return fetch(url, { ...sent, headers, redirect: 'manual', signal: limited })
    }
    return ask({ address, attempt, wordsIn, remedy, ...(answers === undefined ? {} : { answers }) }, signal, patience)
  }
}

const headersOf = async (
  auth: GoogleAuth | undefined,
  address: string,
  signal: AbortSignal,
): Promise<Record<string, string>> => {
  if (auth === undefined) return {}
  const token = await abortable(auth.getAccessToken(), signal).catch((error: unknown) => {
    if (signal.aborted || !/default credentials|invalid_grant|ENOENT|credentials file/i.test(messageOf(error)))
      throw error
    throw refused(
      address,
      messageOf(error),
      'Give Winnow an account: GOOGLE_APPLICATION_CREDENTIALS, workload identity, or the account of its machine.',
    )
  })
  return { authorization: `Bearer ${token}` }
}

/** Settles with the promise, or rejects when the signal aborts: the library itself knows no signals. */
const abortable = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.throwIfAborted()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })

const wordsIn = (body: string): string | undefined => {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown } }
    return typeof error?.message === 'string' ? error.message : undefined
  } catch {
    return undefined
  }
}
