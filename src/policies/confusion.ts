import type { ConfusionMatrix } from '../domain/evidence.ts'
import { isJsonObject, type Json } from '../domain/json.ts'
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

/** Precision, recall and F1 of every class. Where one would divide by zero it is 0. */
export const classMetrics = (
  matrix: ConfusionMatrix,
): Readonly<Record<'precision' | 'recall' | 'f1', Readonly<Record<string, number>>>> => {
  const counts = classCounts(matrix)
  const byClass = (value: (count: ClassCounts) => number) =>
    Object.fromEntries(counts.map((count) => [count.label, value(count)]))
  return { precision: byClass(precisionOf), recall: byClass(recallOf), f1: byClass(f1Of) }
}

/**
 * What a confusion matrix says over all classes, by Winnow's names. The macro means take every class of the matrix, one
 * without examples too, as scikit-learn does with `labels` given and zero_division=0; balancedAccuracy takes only
 * classes with examples. A matrix of no examples says nothing.
 */
export const wholeMetrics = (matrix: ConfusionMatrix): Readonly<Record<string, number>> => {
  const counts = classCounts(matrix)
  const total = sum(counts.map(({ actual }) => actual))
  if (total === 0) return {}
  const mean = (values: readonly number[]) => sum(values) / values.length
  const weighted = (of: (count: ClassCounts) => number) => sum(counts.map((count) => of(count) * count.actual)) / total
  const accuracy = sum(counts.map(({ hits }) => hits)) / total
  return {
    accuracy,
    balancedAccuracy: mean(counts.filter(({ actual }) => actual > 0).map(recallOf)),
    macroPrecision: mean(counts.map(precisionOf)),
    macroRecall: mean(counts.map(recallOf)),
    macroF1: mean(counts.map(f1Of)),
    weightedPrecision: weighted(precisionOf),
    weightedRecall: weighted(recallOf),
    weightedF1: weighted(f1Of),
    // Each example has one label, so every wrong prediction misses one class and wrongly names another.
    microF1: accuracy,
    mcc: correlation(counts, total),
  }
}

interface ClassCounts {
  readonly label: string
  readonly hits: number
  readonly actual: number
  readonly predicted: number
}

const classCounts = ({ labels, rows }: ConfusionMatrix): readonly ClassCounts[] =>
  labels.map((label, i) => ({
    label,
    hits: rows[i]?.[i] ?? 0,
    actual: sum(rows[i] ?? []),
    predicted: sum(rows.map((row) => row[i] ?? 0)),
  }))

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
const precisionOf = ({ hits, predicted }: ClassCounts): number => ratio(hits, predicted)
const recallOf = ({ hits, actual }: ClassCounts): number => ratio(hits, actual)
const f1Of = ({ hits, actual, predicted }: ClassCounts): number => ratio(2 * hits, actual + predicted)

/** Gorodkin's R_K, Matthews' correlation for any number of classes; 0 where truth or prediction is constant. */
const correlation = (counts: readonly ClassCounts[], total: number): number => {
  const hits = sum(counts.map((count) => count.hits))
  const covariance = hits * total - sum(counts.map(({ actual, predicted }) => actual * predicted))
  const ofTruth = total ** 2 - sum(counts.map(({ actual }) => actual ** 2))
  const ofPrediction = total ** 2 - sum(counts.map(({ predicted }) => predicted ** 2))
  const scale = Math.sqrt(ofTruth) * Math.sqrt(ofPrediction)
  return scale === 0 ? 0 : Math.max(-1, Math.min(1, covariance / scale))
}
