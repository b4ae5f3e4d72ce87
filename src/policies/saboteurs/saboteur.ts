import type { Predictions } from '../predictions/predictions.ts'

/** A bad model made out of the honest one's answers, on the same examples. */
export interface Saboteur {
  readonly name: string
  /** What is wrong with it, in a few words. */
  readonly what: string
  /** Whether the loss decides if it counts: what costs next to nothing may ship. */
  readonly weakMayPass: boolean
  /** Why it does not count whatever becomes of it; null where it does. */
  readonly told: string | null
  /** Facts that such a model would come with, by their metrics. */
  readonly facts: Readonly<Record<string, number>>
  /** Its answers; made when they are asked for, since a table may be large. */
  readonly make: () => Predictions
}

export const saboteur = (
  name: string,
  what: string,
  make: () => Predictions,
  more: Partial<Pick<Saboteur, 'weakMayPass' | 'told' | 'facts'>> = {},
): Saboteur => ({ name, what, make, weakMayPass: false, told: null, facts: {}, ...more })
