import { formatTime, type Time } from './time.ts'

/** While it lasts, no run of the pipelines is built or launched; one under way goes on, and what happens is recorded. */
export interface Pause {
  readonly id: number
  readonly version: number
  readonly repository: string
  /** Null: all of the repository. */
  readonly pipeline: string | null
  readonly person: string
  readonly reason: string
  readonly at: Time
  readonly until: Time
  readonly state: 'paused' | 'resumed' | 'expired'
  /** `until`, while it lasts. */
  readonly nextAt: Time | null
}

const isPausing = (pause: Pick<Pause, 'state' | 'until'>, at: Time): boolean =>
  pause.state === 'paused' && pause.until > at

/** Of a repository's pauses, the one that a pipeline waits for; of several the one that lasts longest. */
export const pauseOf = (pauses: readonly Pause[], pipeline: string, at: Time): Pause | undefined =>
  pauses
    .filter((pause) => isPausing(pause, at) && (pause.pipeline === null || pause.pipeline === pipeline))
    .sort((a, b) => b.until - a.until)[0]

/** `paused by alice until 2026-11-25T09:00:00.000Z: the audit` */
export const pauseReason = ({ person, until, reason }: Pick<Pause, 'person' | 'until' | 'reason'>): string =>
  `paused by ${person} until ${formatTime(until)}: ${reason}`
