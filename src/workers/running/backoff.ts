import type { Duration } from '../../domain/time.ts'

const first: Duration = 1_000
const longest: Duration = 5 * 60_000

/** How long to wait after so many failures in a row (1 or more): 1 s, 2 s, 4 s … at most 5 minutes. */
export const backoff = (failures: number): Duration => Math.min(longest, first * 2 ** (failures - 1))
