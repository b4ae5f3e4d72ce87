import { createFairTurns } from '../../domain/fair-turns.ts'
import { kindsWithSteps, nextStep, openStates } from '../../domain/next-step.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Queue, WorkLedger } from '../../domain/ports/work.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'

export interface ReconcilerPorts {
  readonly store: Pick<Store & WorkLedger, 'due' | 'voidLeases' | 'unparkAll'>
  readonly queue: Pick<Queue, 'add' | 'front'>
  readonly now: () => Time
  readonly log: Log
  /** Milliseconds between two sweeps. */
  readonly interval?: Duration
  /** A row is left alone for so long after it was written or due: its job is on the way. Milliseconds. */
  readonly grace?: Duration
}

export interface Reconciler {
  /**
   * Before any worker runs: parked rows are tried again, and all that is due is queued at once. `alone` says that no
   * other process shares the store, so whatever claims there are belong to the dead.
   */
  start(options: { readonly alone: boolean }): Promise<void>
  /** Queues every row whose state asks for work that nobody is doing; how many there were. */
  sweep(grace?: Duration): Promise<number>
  close(): Promise<void>
}

/** Rows of one kind in one sweep; the rest follows when these are done. */
const sweepLimit = 500
/** Where the queue was emptied all are queued again at once, so that the rows of one lane keep no other waiting. */
const mostLost = 100_000

/**
 * Level-triggered: looks at what is, not at what was sent. A lost job, an emptied queue or a crash costs the time until
 * the next sweep. Adding a job that is in the queue already changes nothing, because its id comes of row and version.
 */
export const createReconciler = (ports: ReconcilerPorts): Reconciler => {
  const { store, queue, now, log, interval = 5_000, grace: usualGrace = 5_000 } = ports
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<unknown> = Promise.resolve()
  let closed = false
  const turns = createFairTurns()

  const sweep = async (grace: Duration = usualGrace): Promise<number> => {
    let found = 0
    const front = await queue.front()
    turns.frontIs(front)
    const before = now() - grace
    for (const kind of kindsWithSteps) {
      for (let skip = 0; skip < mostLost; skip += sweepLimit) {
        const rows = await store.due(kind, openStates(kind), before, sweepLimit, skip)
        for (const { id, version, state, lane } of rows) {
          const step = nextStep(kind, state)
          if (step === undefined || closed) continue
          await queue.add({ step, id, version }, 0, turns.next(lane))
          found += 1
        }
        // Behind jobs that wait there is nothing lost: these are on their way.
        if (front > 0 || rows.length < sweepLimit || closed) break
      }
    }
    return found
  }

  const later = (): void => {
    if (closed) return
    timer = setTimeout(() => {
      sweeping = sweep()
        .catch((error: unknown) => log.warn({ error }, 'a sweep for unfinished rows failed'))
        .finally(later)
    }, interval)
  }

  return {
    start: async ({ alone }) => {
      const leases = alone ? await store.voidLeases() : 0
      const parked = await store.unparkAll()
      const rows = await sweep(0)
      if (rows > 0 || parked > 0) log.info({ rows, leases, parked }, 'unfinished rows were taken up again')
      later()
    },
    sweep,
    close: async () => {
      closed = true
      clearTimeout(timer)
      await sweeping
    },
  }
}
