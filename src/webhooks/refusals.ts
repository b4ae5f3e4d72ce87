import type { RefusalCount, RefusalReason, RefusalReport } from '../domain/refusal.ts'
import type { Time } from '../domain/time.ts'

export interface Refusals {
  readonly count: (sender: string, reason: RefusalReason) => void
  /** Since this process began, by sender and reason. */
  readonly report: () => RefusalReport
  /** Calls back after each one that is counted; returns how to stop that. */
  readonly onCounted: (listener: () => void) => () => void
}

/** Counted in memory: refused requests come from anybody, so they must not cost a write each. Senders are those of routes. */
export const createRefusals = (since: Time): Refusals => {
  const counts = new Map<string, RefusalCount>()
  const listeners = new Set<() => void>()
  return {
    count: (sender, reason) => {
      const key = `${sender} ${reason}`
      counts.set(key, { sender, reason, count: (counts.get(key)?.count ?? 0) + 1 })
      for (const listener of listeners) listener()
    },
    report: () => ({
      since,
      counts: [...counts.values()].sort((a, b) => a.sender.localeCompare(b.sender) || b.count - a.count),
    }),
    onCounted: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
