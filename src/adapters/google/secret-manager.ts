import type { GoogleAuth } from 'google-auth-library'
import { z } from 'zod'
import { messageOf } from '../../domain/errors.ts'
import type { Duration } from '../../domain/time.ts'

const Accessed = z.object({ payload: z.object({ data: z.base64() }) })

const defaultPatience: Duration = 10_000
/** Secret Manager holds 64 KiB at most. */
const mostBytes = 200_000

/** Words for a person who can mend it; the answer's own say nothing more, and might say too much. */
const problems: Readonly<Record<number, string>> = {
  401: 'is not given to us: Google does not take our credentials (GOOGLE_APPLICATION_CREDENTIALS, or those of this machine)',
  403: 'is not given to us: grant this service account roles/secretmanager.secretAccessor on it',
  404: 'is not there: no such project, secret or version',
  400: 'is not given: the version is disabled or destroyed',
}

/**
 * Reads versions of secrets through the REST API of Google Secret Manager, with the credentials of this machine; from an
 * address of this machine itself, an emulator's, with none. What goes wrong is an Error whose message ends a sentence that
 * begins with the secret's name.
 */
export const createSecretManager = (url: string, patience = defaultPatience): ((name: string) => Promise<string>) => {
  const emulated = url.startsWith('http:')
  let auth: Promise<GoogleAuth> | undefined
  return async (name) => {
    const signal = AbortSignal.timeout(patience)
    if (!emulated) auth ??= openAuth()
    const headers = auth === undefined ? {} : await inTime(authorisation(await auth), signal)
    const address = `${url.replace(/\/$/, '')}/v1/${name}:access`
    const response = await fetch(address, { headers, signal, redirect: 'error' }).catch((cause: unknown) => {
      throw new Error(
        `cannot be read: ${url} ${signal.aborted ? 'does not answer' : `cannot be reached (${reasonOf(cause)})`}`,
      )
    })
    if (!response.ok) {
      await response.body?.cancel()
      throw new Error(problems[response.status] ?? `cannot be read: ${url} answered ${response.status}`)
    }
    const text = await response.text()
    const read = text.length > mostBytes ? undefined : Accessed.safeParse(parsed(text)).data
    if (read === undefined) throw new Error(`cannot be read: what ${url} answered is no secret`)
    return Buffer.from(read.payload.data, 'base64').toString('utf8')
  }
}

/** Half a second of loading that only those pay who need it. */
const openAuth = async (): Promise<GoogleAuth> => {
  const library = await import('google-auth-library')
  return new library.GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] })
}

const authorisation = async (auth: GoogleAuth): Promise<Record<string, string>> => {
  try {
    return { authorization: `Bearer ${(await auth.getAccessToken()) ?? ''}` }
  } catch {
    // The library's own words may name what it read.
    throw new Error('cannot be read: there are no credentials of Google here (set GOOGLE_APPLICATION_CREDENTIALS)')
  }
}

/** The library's look for the credentials of a machine has no end of its own. */
const inTime = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('cannot be read: Google gives no credentials in time')))
    }),
  ])

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const reasonOf = (error: unknown): string =>
  messageOf(error instanceof Error && error.cause instanceof Error ? error.cause : error)
