import type { Level } from './judge-live.ts'

/**
 * The part of a gate's chance of error that one look at a step may use up, so that all looks together use no more than
 * the whole, however many there are: 1/(k(k+1)) at the k-th, which sums to 1. A breach may be found at every look; only
 * looks after the hold's end can find that it was met, and where the hold is never prolonged there is one of these.
 */
export const lookLevel = (look: number, lateLook: number, isProlonged: boolean): Level => ({
  misses: spent(look),
  meets: isProlonged ? spent(lateLook) : 1,
})

/** Evidence has grown where there is so much more of some of it. */
const growth = 1.1

/**
 * Whether there is more to judge by than at the last look that counted: what is the same proves nothing new, and what
 * grew by a request might prove something by chance only.
 */
export const hasGrown = (known: readonly number[] | undefined, now: readonly number[]): boolean =>
  known === undefined || now.some((amount, i) => amount > growth * (known[i] ?? 0))

const spent = (k: number): number => 1 / (Math.max(1, k) * (Math.max(1, k) + 1))
