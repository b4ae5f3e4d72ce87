import type { Digest } from './digest.ts'
import { formatTime, type Time } from './time.ts'

/** A person's decision to release a candidate whatever its verdict and the environment's rules say. */
export interface Override {
  readonly id: number
  readonly version: number
  readonly repository: string
  readonly environment: string
  readonly run: number
  readonly verdict: number
  /** subjectOf the receipt that it sets aside: it covers nothing else. */
  readonly subject: Digest
  readonly person: string
  readonly reason: string
  readonly at: Time
  /** A release that has not begun by then does not begin. */
  readonly expiresAt: Time
  readonly state: 'given'
}

/** Why an override does not cover a candidate at a time; undefined where it does. */
export const overrideFault = (
  override: Pick<Override, 'person' | 'subject' | 'expiresAt'>,
  subject: Digest | undefined,
  at: Time,
): string | undefined => {
  if (override.expiresAt <= at) return `${override.person}'s override expired at ${formatTime(override.expiresAt)}`
  if (override.subject !== subject)
    return `${override.person}'s override is about another candidate, policy or evidence`
  return undefined
}
