/** Gives jobs their turns in a queue, which does smaller ones first. */
export interface FairTurns {
  /** The turn of the next job of a lane, where the queue's front is at a turn now (0: nothing waits). */
  next(lane: string, front: number): number
}

/** As much as BullMQ's priorities hold. Behind it all wait in the order of their coming, until the queue was empty once. */
const lastTurn = 2_097_151

/**
 * Start-time fair queueing: each job of a lane comes one turn after the one before it, and not before the queue's front.
 * So a lane with ten thousand jobs has taken the next ten thousand turns, one in each, and the first job of any other
 * lane comes with the next of them; while a lane that is always busy never keeps the others from theirs either.
 */
export const createFairTurns = (): FairTurns => {
  const taken = new Map<string, number>()
  return {
    next: (lane, front) => {
      if (front === 0) taken.clear()
      const turn = Math.min(lastTurn, Math.max((taken.get(lane) ?? 0) + 1, front))
      taken.set(lane, turn)
      return turn
    },
  }
}
