import type { Answers } from './measure.ts'
import { classWays, numberWays } from './ways.ts'

/** Why answers cannot give a metric, where that is a matter of what kind they are; undefined where it is not. */
export const whyMissing = (answers: Answers | null, metric: string): string | undefined => {
  if (answers === null) return undefined
  const [ofClasses, ofNumbers] = [Object.hasOwn(classWays, metric), Object.hasOwn(numberWays, metric)]
  if (answers.kind === 'regression')
    return ofClasses && !ofNumbers ? 'the predictions are numbers; classes are words, or have p_ columns' : undefined
  if (ofNumbers && !ofClasses) return 'the predictions are classes, not numbers'
  const way = ofClasses ? classWays[metric]?.kind : undefined
  return answers.predictions.scores === null && (way === 'area' || way === 'sums')
    ? 'the predictions are decisions, without the probability of each class'
    : undefined
}
