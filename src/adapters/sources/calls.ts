import { setTimeout as pause } from 'node:timers/promises'
import { Fault, isFault, messageOf } from '../../domain/errors.ts'
import type { Duration } from '../../domain/time.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** One attempt; it ends when the signal aborts. */
type Attempt = (signal: AbortSignal) => Promise<Response>

/** What a source is asked, and how its answers are read. */
export interface Question {
  /** Named in faults. */
  readonly address: string
  readonly attempt: Attempt
  /** The source's own words in the body of a refusal. */
  readonly wordsIn: (body: string) => string | undefined
  /** Statuses that are answers beside 2xx. Default: 404. */
  readonly answers?: readonly number[]
  /** What a refusal is to be mended by, where it is not the right to read. */
  readonly remedy?: string | undefined
}

export interface Patience {
  /** How long one attempt may take, its body included. */
  readonly timeout: Duration
  readonly attempts: number
  /** Doubles with each further attempt. */
  readonly firstPause: Duration
}

/** Together well under two minutes: a poll comes again anyway. */
const usualPatience: Patience = { timeout: 20_000, attempts: 4, firstPause: 250 }

const longestWords = 500

/**
 * Asks a source over HTTP. What may pass (no connection, a time-out, 408, 429, 5xx) is tried again, and then is a
 * `source_unavailable`; what else is no answer is a `source_refused` with the source's own words.
 */
export const ask = async (
  { address, attempt, wordsIn, answers = [404], remedy }: Question,
  signal: AbortSignal,
  { timeout, attempts, firstPause }: Patience = usualPatience,
): Promise<Answer> => {
  const isAnswer = (status: number): boolean => (status >= 200 && status < 300) || answers.includes(status)
  for (let n = 1; ; n++) {
    signal.throwIfAborted()
    const asked = await once(attempt, AbortSignal.any([signal, AbortSignal.timeout(timeout)])).catch(
      (error: unknown) => {
        if (signal.aborted) throw signal.reason
        if (isFault(error)) throw error
        return reasonOf(error, timeout)
      },
    )
    if (typeof asked !== 'string' && isAnswer(asked.status)) return asked
    const words = typeof asked === 'string' ? asked : wordsOf(asked, wordsIn)
    if (typeof asked !== 'string' && !mayPass(asked.status)) throw refused(address, words, remedy)
    if (n >= attempts) throw unavailable(address, words)
    await pause(firstPause * 2 ** (n - 1), undefined, { signal }).catch(() => {
      throw signal.reason
    })
  }
}

const once = async (attempt: Attempt, signal: AbortSignal): Promise<Answer> => {
  const response = await attempt(signal)
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const mayPass = (status: number): boolean => status === 408 || status === 429 || status >= 500

const reasonOf = (error: unknown, timeout: Duration): string => {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeout / 1_000} s`
  // fetch says only that it failed; why is below.
  const cause = error instanceof Error ? error.cause : undefined
  return messageOf(cause instanceof AggregateError ? (cause.errors[0] ?? cause) : (cause ?? error))
}

const wordsOf = ({ status, body }: Answer, wordsIn: (body: string) => string | undefined): string => {
  const words = (wordsIn(body) ?? body).replaceAll(/\s+/g, ' ').trim().slice(0, longestWords)
  return words === '' ? `HTTP ${status}` : `HTTP ${status}: ${words}`
}

export const unavailable = (address: string, words: string, cause?: unknown): Fault =>
  new Fault('source_unavailable', `${address} does not answer: ${words}`, {
    retryable: true,
    remedy: 'Winnow asks again by itself; look whether the source runs and can be reached from here.',
    ...(cause === undefined ? {} : { cause }),
  })

export const refused = (
  address: string,
  words: string,
  remedy = 'Grant the account that Winnow runs as the right to list and read it.',
): Fault => new Fault('source_refused', `${address} was refused: ${words}`, { remedy })
