import { formatTime, type Time } from './time.ts'

/** While it lasts, no release into the environment begins, and one under way takes no further step. */
export interface Hold {
  readonly id: number
  readonly version: number
  readonly repository: string
  readonly environment: string
  readonly person: string
  readonly reason: string
  readonly at: Time
  /** Null: until somebody lifts it. */
  readonly until: Time | null
  readonly state: 'held' | 'lifted'
}

export const isHolding = (hold: Pick<Hold, 'state' | 'until'>, at: Time): boolean =>
  hold.state === 'held' && (hold.until === null || hold.until > at)

/** `held by alice until 2026-11-25T09:00:00.000Z: the audit` */
export const holdReason = ({ person, reason, until }: Hold): string =>
  `held by ${person}${until === null ? '' : ` until ${formatTime(until)}`}${reason === '' ? '' : `: ${reason}`}`
