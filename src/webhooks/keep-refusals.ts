import type { LedgerReading } from '../domain/ledger.ts'
import type { RefusalCount } from '../domain/refusal.ts'
import type { Duration } from '../domain/time.ts'
import type { Log } from '../log.ts'
import type { Refusals } from './refusals.ts'

export interface KeepingTimes {
  /** How long after a refusal it is written down, together with what is refused meanwhile: what `kill -9` may lose. */
  readonly writeAfter?: Duration
  /** How soon it is tried again where the store takes nothing. */
  readonly again?: Duration
}

/**
 * Writes what was refused down soon: a few counts at a time, however many requests come, and nothing while none do. The
 * last goes at the end.
 */
export const keepRefusals = (
  refusals: Pick<Refusals, 'report' | 'onCounted'>,
  store: Pick<LedgerReading, 'addRefusals'>,
  log: Log,
  { writeAfter = 250, again = 2_000 }: KeepingTimes = {},
): AsyncDisposable => {
  const kept = new Map<string, number>()
  const nameOf = ({ sender, reason }: RefusalCount): string => `${sender} ${reason}`
  let failing = false

  const flush = async (): Promise<void> => {
    const now = refusals.report().counts
    const fresh = now
      .map((one) => ({ ...one, count: one.count - (kept.get(nameOf(one)) ?? 0) }))
      .filter(({ count }) => count > 0)
    if (fresh.length === 0) return
    try {
      await store.addRefusals(fresh)
      for (const one of now) kept.set(nameOf(one), one.count)
      failing = false
    } catch (error) {
      if (!failing) log.warn({ error }, 'refusals could not be written down; they are counted on')
      failing = true
    }
  }

  let flushing = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const flushIn = (wait: Duration): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      flushing = flushing.then(flush).then(() => {
        if (failing) flushIn(again)
      })
    }, wait)
  }
  const ignore = refusals.onCounted(() => flushIn(writeAfter))
  return {
    [Symbol.asyncDispose]: async () => {
      ignore()
      clearTimeout(timer)
      await flushing.then(flush)
      clearTimeout(timer)
    },
  }
}
