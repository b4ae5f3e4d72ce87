import type { ConfusionMatrix } from '../../domain/evidence.ts'
import { classMetric, wholeMetric } from '../evidence/confusion.ts'
import type { ClassPredictions, NumberPredictions } from '../predictions/predictions.ts'
import type { ClassMeasures } from './class-measures.ts'
import type { Area } from './influence.ts'
import {
  brier,
  calibrationError,
  logLoss,
  logLossOf,
  mae,
  mape,
  quantileLoss,
  rmse,
  rmsle,
  rSquared,
  type SumMeasure,
  wape,
} from './sums.ts'

/** How a metric of a classifier comes out of its answers; `of` is the index of a class, −1 for all of them. */
export type ClassWay =
  /** From the confusion matrix alone. */
  | { readonly kind: 'cells'; readonly value: (matrix: ConfusionMatrix, of: number) => number }
  /** A share of independent examples: so many hits of so many. */
  | {
      readonly kind: 'share'
      readonly value: (matrix: ConfusionMatrix, of: number) => number
      readonly counts: (matrix: ConfusionMatrix, of: number) => readonly [hits: number, total: number]
      /** Whether the examples that it is a share of are the same for every model. */
      readonly paired: boolean
    }
  | { readonly kind: 'area'; readonly area: (measures: ClassMeasures, of: number) => Area }
  | { readonly kind: 'sums'; readonly measure: (of: number) => SumMeasure<ClassPredictions> }

export type NumberWay = (predictions: NumberPredictions, of: number) => SumMeasure<NumberPredictions>

const sum = (values: Iterable<number>): number => {
  let total = 0
  for (const value of values) total += value
  return total
}
const actual = (matrix: ConfusionMatrix, of: number): number => sum(matrix.rows[of] ?? [])
const decided = (matrix: ConfusionMatrix, of: number): number => sum(matrix.rows.map((row) => row[of] ?? 0))
const hits = (matrix: ConfusionMatrix, of: number): number => matrix.rows[of]?.[of] ?? 0
const examples = (matrix: ConfusionMatrix): number => sum(matrix.rows.map(sum))

const whole = (name: Parameters<typeof wholeMetric>[1]): ClassWay => ({
  kind: 'cells',
  value: (matrix) => wholeMetric(matrix, name) ?? Number.NaN,
})
const ofClass =
  (name: 'precision' | 'recall' | 'f1') =>
  (matrix: ConfusionMatrix, of: number): number =>
    classMetric(matrix, name, of) ?? Number.NaN

/** By Winnow's names; those that are had for each class have the index of one in `of`. */
export const classWays: Readonly<Record<string, ClassWay>> = {
  accuracy: {
    kind: 'share',
    value: (matrix) => wholeMetric(matrix, 'accuracy') ?? Number.NaN,
    counts: (matrix) => [sum(matrix.labels.map((_, k) => hits(matrix, k))), examples(matrix)],
    paired: true,
  },
  recall: {
    kind: 'share',
    value: ofClass('recall'),
    counts: (matrix, of) => [hits(matrix, of), actual(matrix, of)],
    paired: true,
  },
  precision: {
    kind: 'share',
    value: ofClass('precision'),
    counts: (matrix, of) => [hits(matrix, of), decided(matrix, of)],
    paired: false,
  },
  f1: { kind: 'cells', value: ofClass('f1') },
  balancedAccuracy: whole('balancedAccuracy'),
  macroPrecision: whole('macroPrecision'),
  macroRecall: whole('macroRecall'),
  macroF1: whole('macroF1'),
  weightedPrecision: whole('weightedPrecision'),
  weightedRecall: whole('weightedRecall'),
  weightedF1: whole('weightedF1'),
  microPrecision: whole('microF1'),
  microRecall: whole('microF1'),
  microF1: whole('microF1'),
  mcc: whole('mcc'),
  auRoc: { kind: 'area', area: (measures, of) => (of < 0 ? measures.microRocArea() : measures.rocArea(of)) },
  auPrc: {
    kind: 'area',
    area: (measures, of) => (of < 0 ? measures.microAveragePrecision() : measures.averagePrecision(of)),
  },
  macroAuRoc: { kind: 'area', area: (measures) => measures.macroRocArea() },
  macroAuPrc: { kind: 'area', area: (measures) => measures.macroAveragePrecision() },
  logLoss: { kind: 'sums', measure: (of) => (of < 0 ? logLoss : logLossOf(of)) },
  brier: { kind: 'sums', measure: () => brier },
  calibrationError: { kind: 'sums', measure: () => calibrationError },
}

/** The mean of the true values, near which the sums of squares keep their digits. */
const centre = ({ truth }: NumberPredictions): number => sum(truth) / Math.max(1, truth.length)

export const numberWays: Readonly<Record<string, NumberWay>> = {
  mae: () => mae,
  rmse: () => rmse,
  rmsle: () => rmsle,
  mape: () => mape,
  wape: () => wape,
  rSquared: (predictions) => rSquared(centre(predictions)),
  quantileLoss: (_, of) => (of < 0 ? quantileLoss() : quantileLoss(of)),
}
