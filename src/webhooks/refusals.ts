import type { RefusalCount, RefusalReason, RefusalReport } from '../domain/refusal.ts'
import type { Time } from '../domain/time.ts'

export interface Refusals {
  readonly count: (sender: string, reason: RefusalReason) => void
  /** Since this process began, by sender and reason. */
  readonly report: () => RefusalReport
}

/** Counted in memory: refused requests come from anybody, so they must not cost a write each. Senders are those of routes. */
export const createRefusals = (since: Time): Refusals => {
  const counts = new Map<string, RefusalCount>()
  return {
    count: (sender, reason) => {
      const key = `${sender} ${reason}`
      counts.set(key, { sender, reason, count: (counts.get(key)?.count ?? 0) + 1 })
    },
    report: () => ({
      since,
      counts: [...counts.values()].sort((a, b) => a.sender.localeCompare(b.sender) || b.count - a.count),
    }),
  }
}
