import type { Duration } from '../../domain/time.ts'

/** Resolves after the time, or at once when the signal aborts. */
export const pause = (ms: Duration, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
