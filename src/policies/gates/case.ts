import type { ConfusionMatrix, Evidence } from '../../domain/evidence.ts'
import type { Duration } from '../../domain/time.ts'
import type { CheckResult } from '../language/checks.ts'
import { type Answers, answersOf } from '../measures/measure.ts'
import type { ClassPredictions, NumberPredictions, Predictions } from '../predictions/predictions.ts'

/** What is known of one model: the numbers that were stated of it, and its answers where they are at hand. */
export interface ModelEvidence {
  /** Facts about its data and its serving are among the metrics, by their names. */
  readonly evidence: Pick<Evidence, 'metrics' | 'perClass' | 'confusion'>
  readonly answers: Answers | null
}

/** Another model that a gate may compare with. */
export type ReferenceEvidence =
  | (ModelEvidence & { readonly kind: 'known' })
  /** There is no such model (yet): a comparison with it is skipped. */
  | { readonly kind: 'none'; readonly reason: string }
  /** It is there, and nothing is known of it that could be compared. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** Everything that a policy judges by. */
export interface Case {
  readonly candidate: ModelEvidence
  /** By referenceName: `champion`, `MODEL@ALIAS`. The baseline is worked out of the candidate's examples. */
  readonly references: Readonly<Record<string, ReferenceEvidence>>
  /** What each check gave, by its gate. */
  readonly checks: Readonly<Record<string, CheckResult>>
  readonly approvals: readonly Approval[]
  /** Who made the change under judgement. */
  readonly author: string
}

/** Somebody's word about this very candidate. */
export interface Approval {
  readonly by: string
  readonly groups: readonly string[]
  readonly decision: 'approve' | 'reject'
  readonly reason: string
  /** How long ago it was said; by default now. */
  readonly age?: Duration
}

/**
 * The model that always gives the best constant answer, judged on the same examples: the shares of the classes, the
 * mean value. What does not beat it has learned nothing.
 */
export const baselineOf = ({ answers }: ModelEvidence): ReferenceEvidence => {
  if (answers === null)
    return { kind: 'unknown', reason: 'the baseline is worked out of per-example predictions, and there are none' }
  const predictions: Predictions =
    answers.kind === 'classification' ? constantClass(answers.predictions) : constantNumber(answers.predictions)
  return { kind: 'known', evidence: { metrics: {}, perClass: {}, confusion: null }, answers: answersOf(predictions) }
}

const constantClass = (predictions: ClassPredictions): ClassPredictions => {
  const { rows, classes, truth } = predictions
  const shares = new Float64Array(classes.length)
  for (const of of truth) shares[of] = (shares[of] as number) + 1 / rows
  const best = shares.reduce((top, share, k) => (share > (shares[top] as number) ? k : top), 0)
  const scores = new Float64Array(rows * classes.length)
  for (let i = 0; i < rows; i++) scores.set(shares, i * classes.length)
  return { ...predictions, predicted: new Int32Array(rows).fill(best), scores }
}

const constantNumber = (predictions: NumberPredictions): NumberPredictions => {
  const { rows, truth, quantiles } = predictions
  const sorted = truth.slice().sort()
  const at = (share: number): number => sorted[Math.min(rows - 1, Math.floor(share * rows))] ?? 0
  const mean = truth.reduce((sum, value) => sum + value / rows, 0)
  return {
    ...predictions,
    // The mean is the best constant for squared errors, and near the best for others.
    predicted: new Float64Array(rows).fill(mean),
    quantiles: quantiles.map(({ quantile }) => ({ quantile, predicted: new Float64Array(rows).fill(at(quantile)) })),
  }
}

/** The confusion matrix that is at hand, from the answers first. */
export const matrixOf = ({ evidence, answers }: ModelEvidence): ConfusionMatrix | null =>
  answers?.kind === 'classification' ? answers.measures.confusion() : evidence.confusion
