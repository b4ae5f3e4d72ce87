/** Gives jobs their turns in a queue, which does smaller ones first. */
export interface FairTurns {
  /** Said before jobs are given turns: at which turn the queue's front is now. 0: nothing waits, so all lanes begin anew. */
  frontIs(turn: number): void
  /** The turn of the next job of a lane. */
  next(lane: string): number
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
  let front = 0
  return {
    frontIs: (turn) => {
      front = turn
      if (turn === 0) taken.clear()
    },
    next: (lane) => {
      const turn = Math.min(lastTurn, Math.max((taken.get(lane) ?? 0) + 1, front))
      taken.set(lane, turn)
      return turn
    },
  }
}
