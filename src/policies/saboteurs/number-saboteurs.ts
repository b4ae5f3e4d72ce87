import { baselineOf } from '../gates/case.ts'
import { answersOf } from '../measures/measure.ts'
import type { NumberPredictions, Predictions } from '../predictions/predictions.ts'
import { type Saboteur, saboteur } from './saboteur.ts'

/** Bad regressions and forecasts, besides those that any kind of model can be. */
export const numberSaboteurs = (honest: NumberPredictions): readonly Saboteur[] => [
  saboteur('always the mean', 'gives the same number to every example', () => constant(honest)),
  saboteur('leaked labels', 'has seen the truth', () => leaked(honest), {
    told: 'it is too good, not too bad: only atLeast, a check or a gate on data.leakedRows can stop it',
    facts: { 'data.leakedRows': honest.rows },
  }),
]

const constant = (honest: NumberPredictions): Predictions => {
  const baseline = baselineOf({ evidence: { metrics: {}, perClass: {}, confusion: null }, answers: answersOf(honest) })
  return baseline.kind === 'known' && baseline.answers !== null ? baseline.answers.predictions : honest
}

const leaked = (honest: NumberPredictions): Predictions => ({
  ...honest,
  predicted: honest.truth,
  quantiles: honest.quantiles.map(({ quantile }) => ({ quantile, predicted: honest.truth })),
})
