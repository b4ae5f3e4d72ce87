import { findMetric } from '../language/metrics.ts'
import type { Policy } from '../language/policy.ts'
import { type Answers, measure } from '../measures/measure.ts'

/** What anybody may lose before it counts. */
const leastTolerance = 0.05

/**
 * What a model is worse by than the honest one: of a classifier the accuracy that it loses, of a regression the share by
 * which its mean absolute error grows. Negative where it is better.
 */
export const lossOf = (answers: Answers, honest: Answers): number => {
  const of = (one: Answers): number =>
    measure(one, { metric: one.kind === 'classification' ? 'accuracy' : 'mae', of: null }) ?? Number.NaN
  if (honest.kind === 'classification') return of(honest) - of(answers)
  return of(honest) === 0 ? (of(answers) === 0 ? 0 : Number.POSITIVE_INFINITY) : of(answers) / of(honest) - 1
}

/** How large a loss is weak: what the policy lets a model lose against another one, 0.05 at least. */
export const toleranceOf = ({ gates }: Pick<Policy, 'gates'>, kind: Answers['kind']): number => {
  const granted = gates.map((gate) => {
    if (gate.kind !== 'metric' || gate.against === null || gate.advisory) return 0
    const metric = findMetric(gate.metric)
    if (metric === undefined || metric.family !== 'model') return 0
    if (kind === 'classification') return metric.better === 'higher' ? -(gate.atLeast ?? 0) : 0
    return metric.better === 'lower' && gate.change === 'relative' ? (gate.atMost ?? 0) : 0
  })
  return Math.max(leastTolerance, ...granted)
}
