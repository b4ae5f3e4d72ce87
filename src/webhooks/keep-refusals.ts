import type { LedgerReading } from '../domain/ledger.ts'
import type { RefusalCount } from '../domain/refusal.ts'
import type { Duration } from '../domain/time.ts'
import type { Log } from '../log.ts'
import type { Refusals } from './refusals.ts'

const interval: Duration = 10_000

/** Writes what was refused since the last time: a few counts now and then, however many requests come. The last goes at the end. */
export const keepRefusals = (
  refusals: Pick<Refusals, 'report'>,
  store: Pick<LedgerReading, 'addRefusals'>,
  log: Log,
): AsyncDisposable => {
  const kept = new Map<string, number>()
  const nameOf = ({ sender, reason }: RefusalCount): string => `${sender} ${reason}`

  const flush = async (): Promise<void> => {
    const now = refusals.report().counts
    const fresh = now
      .map((one) => ({ ...one, count: one.count - (kept.get(nameOf(one)) ?? 0) }))
      .filter(({ count }) => count > 0)
    if (fresh.length === 0) return
    try {
      await store.addRefusals(fresh)
      for (const one of now) kept.set(nameOf(one), one.count)
    } catch (error) {
      log.warn({ error }, 'refusals could not be written down; they are counted on')
    }
  }

  let flushing = Promise.resolve()
  const timer = setInterval(() => {
    flushing = flushing.then(flush)
  }, interval)
  timer.unref()
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      await flushing.then(flush)
    },
  }
}
