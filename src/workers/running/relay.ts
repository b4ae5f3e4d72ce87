import { createFairTurns } from '../../domain/fair-turns.ts'
import type { OutboxEntry, Queue, WorkLedger } from '../../domain/ports/work.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'

export interface RelayPorts {
  readonly store: Pick<WorkLedger, 'outbox' | 'removeFromOutbox' | 'onEnqueued'>
  readonly queue: Pick<Queue, 'add' | 'front'>
  readonly now: () => Time
  readonly log: Log
  /** How often to look without being told, in milliseconds: for what other processes committed. */
  readonly poll?: Duration
}

export interface Relay {
  /** Looks at the outbox now, or once more after the look under way. */
  kick(): void
  /** Waits for the look under way; afterwards there is none. */
  close(): Promise<void>
}

const batchSize = 200

/**
 * Hands committed outbox entries to the queue, at least once: an entry is removed after the queue has it, so a crash
 * between the two adds it again, and the queue or the row's version makes nothing of that.
 */
export const createRelay = ({ store, queue, now, log, poll = 1_000 }: RelayPorts): Relay => {
  let closed = false
  let wanted = false
  let looking: Promise<void> | undefined

  const turns = createFairTurns()

  const hand = async ({ job, at, lane }: OutboxEntry): Promise<void> =>
    queue.add(job, at === null ? 0 : at - now(), turns.next(lane))

  const look = async (): Promise<void> => {
    let full = true
    while (full && !closed) {
      const entries = await store.outbox(batchSize)
      full = entries.length === batchSize
      if (entries.length > 0) turns.frontIs(await queue.front())
      await Promise.all(entries.map(hand))
      await store.removeFromOutbox(entries.map(({ sequence }) => sequence))
    }
  }

  const run = async (): Promise<void> => {
    try {
      while (wanted && !closed) {
        wanted = false
        await look()
      }
    } catch (error) {
      // The entries stay where they are, and the next poll tries again.
      wanted = false
      log.warn({ error }, 'the outbox could not be handed to the queue')
    }
  }

  const kick = (): void => {
    if (closed) return
    wanted = true
    looking ??= run().finally(() => {
      looking = undefined
      if (wanted) kick()
    })
  }

  const stopListening = store.onEnqueued(kick)
  const timer = setInterval(kick, poll)
  kick()
  return {
    kick,
    close: async () => {
      closed = true
      clearInterval(timer)
      stopListening()
      await looking
    },
  }
}
