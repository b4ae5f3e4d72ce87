import type { ConfusionMatrix } from '../../domain/evidence.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { numberOf, parsedText } from './numbers.ts'

/**
 * A confusion matrix in Vertex AI's shape (`rows: [[3, 1], …]` or `rows: [{dataItemCounts: ["3", "1"]}, …]`) or kfp's
 * (`rows: [{row: [3, 1]}, …]`), also as JSON text. Undefined where it is none: not square, negative, labels that repeat.
 */
export const confusionOf = (value: Json | undefined): ConfusionMatrix | undefined => {
  const outer = parsedText(value)
  const matrix = isJsonObject(outer) && isJsonObject(outer['struct']) ? outer['struct'] : outer
  if (!isJsonObject(matrix)) return undefined
  const { annotationSpecs, rows } = matrix
  if (!Array.isArray(annotationSpecs) || !Array.isArray(rows)) return undefined
  const labels = annotationSpecs.map((spec: Json) => (isJsonObject(spec) ? spec['displayName'] : undefined))
  const counts = rows.map(countsOf)
  const sound =
    labels.length > 0 &&
    labels.every((label) => typeof label === 'string') &&
    new Set(labels).size === labels.length &&
    counts.length === labels.length &&
    counts.every((row) => row !== undefined && row.length === labels.length)
  return sound ? { labels: labels as string[], rows: counts as number[][] } : undefined
}

const countsOf = (row: Json): readonly number[] | undefined => {
  const cells = isJsonObject(row) ? (row['dataItemCounts'] ?? row['row']) : row
  if (!Array.isArray(cells)) return undefined
  const counts = cells.map(numberOf)
  return counts.every((count) => count !== undefined && count >= 0) ? (counts as number[]) : undefined
}

type ClassMetric = 'precision' | 'recall' | 'f1'

/** Precision, recall and F1 of every class. Where one would divide by zero it is 0. */
export const classMetrics = (
  matrix: ConfusionMatrix,
): Readonly<Record<ClassMetric, Readonly<Record<string, number>>>> => {
  const counts = classCounts(matrix)
  const byClass = (value: (count: ClassCounts) => number) =>
    Object.fromEntries(counts.map((count, of) => [matrix.labels[of], value(count)]))
  return { precision: byClass(precisionOf), recall: byClass(recallOf), f1: byClass(f1Of) }
}

/** One of classMetrics; undefined where the matrix has no class at that index. */
export const classMetric = (matrix: ConfusionMatrix, name: ClassMetric, of: number): number | undefined =>
  of in matrix.labels ? ofClass[name](countsOfClass(matrix, of)) : undefined

/**
 * What a confusion matrix says over all classes, by Winnow's names. The macro means take every class of the matrix, one
 * without examples too, as scikit-learn does with `labels` given and zero_division=0; balancedAccuracy takes only
 * classes with examples. A matrix of no examples says nothing.
 */
export const wholeMetrics = (matrix: ConfusionMatrix): Readonly<Record<string, number>> => {
  const counts = classCounts(matrix)
  const total = totalOf(counts)
  if (total === 0) return {}
  return Object.fromEntries(Object.entries(ofAll).map(([name, value]) => [name, value(counts, total)]))
}

/** One of wholeMetrics; a resample asks for one alone, thousands of times. */
export const wholeMetric = (matrix: ConfusionMatrix, name: WholeMetric): number | undefined => {
  const counts = classCounts(matrix)
  const total = totalOf(counts)
  return total === 0 ? undefined : ofAll[name](counts, total)
}

interface ClassCounts {
  readonly hits: number
  readonly actual: number
  readonly predicted: number
}

const countsOfClass = ({ rows }: ConfusionMatrix, of: number): ClassCounts => {
  let predicted = 0
  for (const row of rows) predicted += row[of] ?? 0
  return { hits: rows[of]?.[of] ?? 0, actual: sum(rows[of] ?? []), predicted }
}

const classCounts = (matrix: ConfusionMatrix): readonly ClassCounts[] =>
  matrix.labels.map((_, of) => countsOfClass(matrix, of))

const sum = (values: readonly number[]): number => {
  let total = 0
  for (const value of values) total += value
  return total
}
const totalOf = (counts: readonly ClassCounts[]): number => sum(counts.map(({ actual }) => actual))
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
const precisionOf = ({ hits, predicted }: ClassCounts): number => ratio(hits, predicted)
const recallOf = ({ hits, actual }: ClassCounts): number => ratio(hits, actual)
const f1Of = ({ hits, actual, predicted }: ClassCounts): number => ratio(2 * hits, actual + predicted)

const ofClass: Readonly<Record<ClassMetric, (counts: ClassCounts) => number>> = {
  precision: precisionOf,
  recall: recallOf,
  f1: f1Of,
}

const mean = (values: readonly number[]): number => sum(values) / values.length
const weighted = (counts: readonly ClassCounts[], total: number, of: (count: ClassCounts) => number): number =>
  sum(counts.map((count) => of(count) * count.actual)) / total
const accuracy = (counts: readonly ClassCounts[], total: number): number => sum(counts.map(({ hits }) => hits)) / total

type WholeMetric = keyof typeof ofAll

const ofAll = {
  accuracy,
  balancedAccuracy: (counts) => mean(counts.filter(({ actual }) => actual > 0).map(recallOf)),
  macroPrecision: (counts) => mean(counts.map(precisionOf)),
  macroRecall: (counts) => mean(counts.map(recallOf)),
  macroF1: (counts) => mean(counts.map(f1Of)),
  weightedPrecision: (counts, total) => weighted(counts, total, precisionOf),
  weightedRecall: (counts, total) => weighted(counts, total, recallOf),
  weightedF1: (counts, total) => weighted(counts, total, f1Of),
  // Each example has one label, so every wrong prediction misses one class and wrongly names another.
  microF1: accuracy,
  mcc: (counts, total) => correlation(counts, total),
} satisfies Record<string, (counts: readonly ClassCounts[], total: number) => number>

/** Gorodkin's R_K, Matthews' correlation for any number of classes; 0 where truth or prediction is constant. */
const correlation = (counts: readonly ClassCounts[], total: number): number => {
  const hits = sum(counts.map((count) => count.hits))
  const covariance = hits * total - sum(counts.map(({ actual, predicted }) => actual * predicted))
  const ofTruth = total ** 2 - sum(counts.map(({ actual }) => actual ** 2))
  const ofPrediction = total ** 2 - sum(counts.map(({ predicted }) => predicted ** 2))
  const scale = Math.sqrt(ofTruth) * Math.sqrt(ofPrediction)
  return scale === 0 ? 0 : Math.max(-1, Math.min(1, covariance / scale))
}
