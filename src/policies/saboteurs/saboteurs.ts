import type { Predictions } from '../predictions/predictions.ts'
import { classSaboteurs } from './class-saboteurs.ts'
import { moveAnswers } from './moved-answers.ts'
import { numberSaboteurs } from './number-saboteurs.ts'
import { type Saboteur, saboteur } from './saboteur.ts'

/** Shares of the examples whose answer is another one's. */
const strengths = [0.02, 0.05, 0.1, 0.25, 0.5] as const

export interface AtHand {
  readonly honest: Predictions
  /** The model that is live, where its answers are at hand. */
  readonly champion: Predictions | null
  /** A model of before, known to be worse. */
  readonly earlier: Predictions | null
  readonly seed: number
}

/** Every bad model that can be made from the evidence at hand. The same evidence and seed make the same ones. */
export const saboteursOf = ({ honest, champion, earlier, seed }: AtHand): readonly Saboteur[] => {
  const weak = { weakMayPass: true }
  return [
    ...(honest.kind === 'classification' ? classSaboteurs(honest) : numberSaboteurs(honest)),
    saboteur('shuffled labels', 'its answers have nothing to do with the examples', () => moveAnswers(honest, 1, seed)),
    ...strengths.map((share) =>
      saboteur(
        `noise ${100 * share} %`,
        `${100 * share} % of the examples are answered by chance`,
        () => moveAnswers(honest, share, seed),
        weak,
      ),
    ),
    ...(champion === null
      ? []
      : [saboteur('stale: the champion', 'the model that is live, again', () => champion, weak)]),
    ...(earlier === null ? [] : [saboteur('stale: the earlier model', 'a model of before', () => earlier, weak)]),
  ]
}
