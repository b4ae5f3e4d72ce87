import type { CallOptions } from 'google-gax'
import { Fault, isFault } from '../../../domain/errors.ts'

/** gRPC status codes that decide something here. */
export const grpcCodes = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  unavailable: 14,
} as const

/** A killed server shows as CANCELLED too: where nobody here cancelled, it may pass. */
const passing: readonly number[] = [
  grpcCodes.unavailable,
  grpcCodes.deadlineExceeded,
  grpcCodes.resourceExhausted,
  grpcCodes.aborted,
  grpcCodes.cancelled,
]

/**
 * What a call may do again by itself, and how long one attempt may take, ms. The vendor's own defaults are none for
 * most methods. `act` makes something: it is repeated only where the server says that it did not take it (quota),
 * because any other failure is ambiguous and the caller has to look first.
 */
const kinds = {
  read: { timeout: 10_000, attempts: 4, repeat: passing },
  set: { timeout: 30_000, attempts: 3, repeat: passing },
  act: { timeout: 60_000, attempts: 3, repeat: [grpcCodes.resourceExhausted] as readonly number[] },
  /** Measured, so tried once. */
  probe: { timeout: 10_000, attempts: 1, repeat: [] as readonly number[] },
  predict: { timeout: 60_000, attempts: 2, repeat: [grpcCodes.unavailable] as readonly number[] },
} as const
const firstPause = 200
const longestPause = 2_000

/** The one thing that is logged from here: a repeat. */
export interface CallLog {
  debug(fields: object, message: string): void
}

interface CallSite {
  readonly method: string
  readonly resource: string
  readonly kind: keyof typeof kinds
}

export type Call = <T>(
  site: CallSite,
  signal: AbortSignal,
  invoke: (options: CallOptions) => Promise<readonly [T, ...unknown[]]>,
) => Promise<T>

export const grpcCodeOf = (error: unknown): number | undefined => {
  const cause = isFault(error) ? error.cause : error
  const code = (cause as { code?: unknown } | null | undefined)?.code
  return typeof code === 'number' ? code : undefined
}

export const isNotFound = (error: unknown): boolean => grpcCodeOf(error) === grpcCodes.notFound

/**
 * What we were about to make is being made already, by an attempt of ours whose answer was lost: not there to be seen
 * yet, but soon. Any other error is given back as it is.
 */
export const unlessBeingMade = (error: unknown, what: string): unknown =>
  grpcCodeOf(error) === grpcCodes.alreadyExists
    ? new Fault('target_unavailable', `${what} is being made already`, { retryable: true, cause: error })
    : error

/** True where the call may have been carried out although it failed: look before acting again. */
export const isAmbiguous = (error: unknown): boolean => {
  const code = grpcCodeOf(error)
  return code !== undefined && passing.includes(code) && code !== grpcCodes.resourceExhausted
}

/** Calls one target: time-outs, repeats and faults are decided here, for every method alike. */
export const createCall =
  (target: string, log: CallLog): Call =>
  async (site, signal, invoke) => {
    const { timeout, attempts, repeat } = kinds[site.kind]
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      try {
        // `retry: null` keeps the vendor's own repeats off; ours are the only ones.
        const [result] = await abortable(invoke({ timeout, retry: null } as unknown as CallOptions), signal)
        return result
      } catch (error) {
        if (signal.aborted) throw signal.reason
        const code = grpcCodeOf(error)
        if (code === undefined || !repeat.includes(code) || attempt >= attempts) throw faultOf(target, site, error)
        log.debug({ target, ...site, attempt, code }, 'call to target is repeated')
        await pause(Math.min(firstPause * 2 ** (attempt - 1), longestPause), signal)
      }
    }
  }

const faultOf = (target: string, site: CallSite, error: unknown): Fault => {
  const code = grpcCodeOf(error)
  const words = wordsOf(error)
  const what = `target ${target}: ${site.method} of ${site.resource}`
  if (code === undefined || passing.includes(code))
    return new Fault('target_unavailable', `${what} got no answer: ${words}`, {
      retryable: true,
      remedy: 'Winnow tries again by itself; look whether the target runs and can be reached',
      cause: error,
    })
  return new Fault('target_refused', `${what} was refused: ${words}`, {
    remedy: "the target's own words say what it did not accept",
    cause: error,
  })
}

/** gax prefixes the server's words with the code; people need only the words. */
const wordsOf = (error: unknown): string => {
  const details = (error as { details?: unknown } | null)?.details
  if (typeof details === 'string' && details !== '') return details
  return error instanceof Error ? error.message : String(error)
}

const abortable = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      ;(promise as { cancel?: () => void }).cancel?.()
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
