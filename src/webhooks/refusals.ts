/** Why a request was refused: one word for each, so that they can be counted. */
type RefusalReason =
  | 'tooLarge'
  | 'unreadable'
  | 'forged'
  | 'stale'
  | 'noJson'
  | 'tooDeep'
  | 'wrongShape'
  | 'unknownRepository'
  | 'notStored'

interface RefusalCount {
  readonly sender: string
  readonly reason: RefusalReason
  readonly count: number
}

export interface Refusals {
  readonly count: (sender: string, reason: RefusalReason) => void
  /** Since this process began, by sender and reason. */
  readonly counts: () => readonly RefusalCount[]
}

/** Counted in memory: refused requests come from anybody, so they must not cost a write each. */
export const createRefusals = (): Refusals => {
  const counts = new Map<string, RefusalCount>()
  return {
    count: (sender, reason) => {
      const key = `${sender} ${reason}`
      counts.set(key, { sender, reason, count: (counts.get(key)?.count ?? 0) + 1 })
    },
    counts: () => [...counts.values()].sort((a, b) => a.sender.localeCompare(b.sender) || b.count - a.count),
  }
}
