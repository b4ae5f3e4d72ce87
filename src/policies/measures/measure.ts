import type { ConfusionMatrix } from '../../domain/evidence.ts'
import type { ClassPredictions, NumberPredictions } from '../predictions/predictions.ts'
import type { Uncertainty } from '../statistics/uncertainty.ts'
import { type ClassMeasures, createClassMeasures } from './class-measures.ts'
import { type Area, combineParts, standardErrorOf } from './influence.ts'
import { type Resampling, resampleCells, resamplePairedCells, resampleSums } from './resample.ts'
import type { SumMeasure } from './sums.ts'
import { classWays, numberWays } from './ways.ts'

/** Answers of a model, with what has been worked out of them so far. */
export type Answers = Measured &
  (
    | { readonly kind: 'classification'; readonly predictions: ClassPredictions; readonly measures: ClassMeasures }
    | { readonly kind: 'regression'; readonly predictions: NumberPredictions }
  )

interface Measured {
  /** The value of each metric that was asked for: several gates ask for the same. */
  readonly values: Map<string, number | undefined>
}

export const answersOf = (predictions: ClassPredictions | NumberPredictions): Answers =>
  predictions.kind === 'classification'
    ? { kind: 'classification', predictions, measures: createClassMeasures(predictions), values: new Map() }
    : { kind: 'regression', predictions, values: new Map() }

/** Which metric: its name, and the class or quantile that it is of; null for all. */
export interface Asked {
  readonly metric: string
  readonly of: string | null
}

/** Absolute: candidate − champion. Relative: (candidate − champion) / champion. */
export type Change = 'absolute' | 'relative'

/** Undefined where these answers cannot give the metric: no probabilities, no such class, one class only, another task. */
export const measure = (answers: Answers, asked: Asked): number | undefined => {
  const key = JSON.stringify([asked.metric, asked.of])
  if (!answers.values.has(key)) answers.values.set(key, rawValue(answers, asked))
  const value = answers.values.get(key)
  return value === undefined || Number.isNaN(value) ? undefined : value
}

const rawValue = (answers: Answers, asked: Asked): number | undefined => {
  if (answers.predictions.rows === 0) return undefined
  if (answers.kind === 'regression') {
    const sums = numberMeasure(answers.predictions, asked)
    return sums === undefined ? undefined : valueOfSums(answers.predictions, sums)
  }
  const found = classWay(answers, asked)
  if (found === undefined) return undefined
  const { way, of } = found
  switch (way.kind) {
    case 'cells':
    case 'share':
      return way.value(answers.measures.confusion(), of)
    case 'area':
      return way.area(answers.measures, of)?.value
    case 'sums':
      return valueOfSums(answers.predictions, way.measure(of))
  }
}

/** How sure the metric is; undefined where `measure` is. `resampling` is used where no formula is known. */
export const uncertaintyOf = (answers: Answers, asked: Asked, resampling: Resampling): Uncertainty | undefined => {
  const value = measure(answers, asked)
  if (value === undefined) return undefined
  const bootstrap = (sorted: Float64Array): Uncertainty => ({ kind: 'resampled', method: 'bootstrap', value, sorted })
  if (answers.kind === 'regression') {
    const sums = numberMeasure(answers.predictions, asked) as SumMeasure<NumberPredictions>
    return bootstrap(resampleSums([{ predictions: answers.predictions, measure: sums }], first, resampling))
  }
  const { way, of } = classWay(answers, asked) as FoundWay
  const { predictions, measures } = answers
  switch (way.kind) {
    case 'share': {
      const [hits, total] = way.counts(measures.confusion(), of)
      return total === 0 ? undefined : { kind: 'proportion', method: 'Wilson', hits, total }
    }
    case 'cells':
      return bootstrap(resampleCells(measures.confusion(), (matrix) => way.value(matrix, of), resampling).sort())
    case 'area': {
      const { parts } = way.area(measures, of) as NonNullable<Area>
      const standardError = standardErrorOf(parts)
      if (standardError === 0 || value === 0 || value === 1) return perfectArea(measures, of, value)
      return { kind: 'logit', method: areaMethod(asked), value, standardError }
    }
    case 'sums':
      return bootstrap(resampleSums([{ predictions, measure: way.measure(of) }], first, resampling))
  }
}

/** How sure the change from the champion to the candidate is, both over the same examples in the same order. */
export const uncertaintyOfChange = (
  candidate: Answers,
  champion: Answers,
  asked: Asked,
  change: Change,
  resampling: Resampling,
): Uncertainty | undefined => {
  const [value, before] = [measure(candidate, asked), measure(champion, asked)]
  if (value === undefined || before === undefined || (change === 'relative' && before === 0)) return undefined
  const difference = changeBetween(value, before, change)
  const combine = (a: number, b: number): number => changeBetween(a, b, change)
  const bootstrap = (sorted: Float64Array): Uncertainty => ({
    kind: 'resampled',
    method: 'paired bootstrap',
    value: difference,
    sorted,
  })
  if (candidate.kind === 'regression' || champion.kind === 'regression') {
    if (candidate.kind !== champion.kind) return undefined
    const sides = [candidate, champion].map(({ predictions }) => ({
      predictions: predictions as NumberPredictions,
      measure: numberMeasure(predictions as NumberPredictions, asked) as SumMeasure<NumberPredictions>,
    }))
    return bootstrap(resampleSums(sides, ([a, b]) => combine(a as number, b as number), resampling))
  }
  const { way, of } = classWay(candidate, asked) as FoundWay
  const [a, b] = [candidate.predictions, champion.predictions]
  switch (way.kind) {
    case 'share':
      if (way.paired && change === 'absolute') return { ...discordant(a, b, of), kind: 'paired', method: 'McNemar' }
      return bootstrap(resamplePairedCells(a, b, (matrix) => way.value(matrix, of), combine, resampling))
    case 'cells':
      return bootstrap(resamplePairedCells(a, b, (matrix) => way.value(matrix, of), combine, resampling))
    case 'area': {
      const [of1, of2] = [way.area(candidate.measures, of), way.area(champion.measures, of)] as NonNullable<Area>[]
      const { parts } = of1 as NonNullable<Area>
      const { parts: partsBefore } = of2 as NonNullable<Area>
      // The ratio's own slope, where the change is relative.
      const [slope, slopeBefore] = change === 'absolute' ? [1, -1] : [1 / before, -value / before ** 2]
      const standardError = standardErrorOf(combineParts(parts, slope, partsBefore, slopeBefore))
      return { kind: 'normal', method: areaMethod(asked), value: difference, standardError }
    }
    case 'sums': {
      const sides = [a, b].map((predictions) => ({ predictions, measure: way.measure(of) }))
      return bootstrap(resampleSums(sides, ([x, y]) => combine(x as number, y as number), resampling))
    }
  }
}

/** The metric of a confusion matrix, where it is one of decisions; undefined where it is not. */
export const measureOfMatrix = (matrix: ConfusionMatrix, asked: Asked): number | undefined => {
  const found = matrixWay(matrix, asked)
  const value = found?.way.value(matrix, found.of)
  return value === undefined || Number.isNaN(value) ? undefined : value
}

/** How sure a metric is of which the counts alone are known. */
export const uncertaintyOfMatrix = (
  matrix: ConfusionMatrix,
  asked: Asked,
  resampling: Resampling,
): Uncertainty | undefined => {
  const found = matrixWay(matrix, asked)
  const value = measureOfMatrix(matrix, asked)
  if (found === undefined || value === undefined) return undefined
  const { way, of } = found
  if (way.kind === 'share') {
    const [hits, total] = way.counts(matrix, of)
    // Counts that were scaled or rounded are no counts.
    if (Number.isInteger(hits) && Number.isInteger(total))
      return total === 0 ? undefined : { kind: 'proportion', method: 'Wilson', hits, total }
  }
  const sorted = resampleCells(matrix, (cells) => way.value(cells, of), resampling).sort()
  return { kind: 'resampled', method: 'bootstrap', value, sorted }
}

/** The change between two confusion matrices over examples of which nothing else is known: drawn apart from each other. */
export const uncertaintyOfMatrices = (
  candidate: ConfusionMatrix,
  champion: ConfusionMatrix,
  asked: Asked,
  change: Change,
  resampling: Resampling,
): Uncertainty | undefined => {
  const [first, second] = [matrixWay(candidate, asked), matrixWay(champion, asked)]
  const [value, before] = [measureOfMatrix(candidate, asked), measureOfMatrix(champion, asked)]
  if (first === undefined || second === undefined || value === undefined || before === undefined) return undefined
  if (change === 'relative' && before === 0) return undefined
  const drawn = resampleCells(candidate, (cells) => first.way.value(cells, first.of), resampling)
  const drawnBefore = resampleCells(champion, (cells) => second.way.value(cells, second.of), {
    ...resampling,
    seed: resampling.seed ^ 0x5bd1e995,
  })
  const sorted = drawn.map((one, i) => changeBetween(one, drawnBefore[i] as number, change)).sort()
  return { kind: 'resampled', method: 'bootstrap of each', value: changeBetween(value, before, change), sorted }
}

type MatrixWay = Extract<FoundWay['way'], { kind: 'cells' | 'share' }>

const matrixWay = (
  { labels }: ConfusionMatrix,
  { metric, of }: Asked,
): { readonly way: MatrixWay; readonly of: number } | undefined => {
  const way = Object.hasOwn(classWays, metric) ? classWays[metric] : undefined
  if (way === undefined || (way.kind !== 'cells' && way.kind !== 'share')) return undefined
  const index = of === null ? -1 : labels.indexOf(of)
  return of !== null && index < 0 ? undefined : { way, of: index }
}

export const changeBetween = (value: number, before: number, change: Change): number =>
  change === 'absolute' ? value - before : (value - before) / Math.abs(before)

const first = ([value]: readonly number[]): number => value as number

interface FoundWay {
  readonly way: NonNullable<(typeof classWays)[string]>
  readonly of: number
}

const classWay = (
  answers: Extract<Answers, { kind: 'classification' }>,
  { metric, of }: Asked,
): FoundWay | undefined => {
  const way = Object.hasOwn(classWays, metric) ? classWays[metric] : undefined
  if (way === undefined) return undefined
  const { classes, scores } = answers.predictions
  const index = of === null ? -1 : classes.indexOf(of)
  if (of !== null && index < 0) return undefined
  if (scores === null && (way.kind === 'area' || way.kind === 'sums')) return undefined
  return { way, of: index }
}

const numberMeasure = (
  predictions: NumberPredictions,
  { metric, of }: Asked,
): SumMeasure<NumberPredictions> | undefined => {
  const way = Object.hasOwn(numberWays, metric) ? numberWays[metric] : undefined
  const index = of === null ? -1 : predictions.quantiles.findIndex(({ quantile }) => String(quantile) === of)
  if (way === undefined || (of !== null && index < 0)) return undefined
  if (metric === 'quantileLoss' && predictions.quantiles.length === 0) return undefined
  return way(predictions, index)
}

/** Summed in blocks, so that a million small numbers keep their digits. */
const valueOfSums = <P extends { readonly rows: number }>(predictions: P, sums: SumMeasure<P>): number => {
  const block = 4096
  const total = new Float64Array(sums.width)
  const part = new Float64Array(sums.width)
  const add = sums.adderOf(predictions)
  for (let start = 0; start < predictions.rows; start += block) {
    part.fill(0)
    const end = Math.min(predictions.rows, start + block)
    for (let i = start; i < end; i++) add(i, part, 0)
    for (let k = 0; k < total.length; k++) total[k] = (total[k] as number) + (part[k] as number)
  }
  return sums.of(total, predictions.rows)
}

/**
 * Where every positive stands above every negative there is no spread to measure: the scarcer side tells how much that
 * proves, as so many of so many would.
 */
const perfectArea = (measures: ClassMeasures, of: number, value: number): Uncertainty => {
  const { rows, labels } = measures.confusion()
  const actual = rows.map((row) => row.reduce((sum, count) => sum + count, 0))
  const all = actual.reduce((sum, count) => sum + count, 0)
  const asked = of < 0 ? labels.map((_, k) => k) : [of]
  const total = Math.min(...asked.map((k) => Math.min(actual[k] as number, all - (actual[k] as number))))
  return { kind: 'proportion', method: 'Wilson', hits: value * total, total }
}

const areaMethod = ({ metric }: Asked): string => (/roc$/i.test(metric) ? 'DeLong' : 'infinitesimal jackknife')

/** Among the examples of a class (−1: all), those that only one of the two models got right. */
const discordant = (
  first: ClassPredictions,
  second: ClassPredictions,
  of: number,
): { readonly gained: number; readonly lost: number; readonly total: number } => {
  let [gained, lost, total] = [0, 0, 0]
  for (let i = 0; i < first.rows; i++) {
    const truth = first.truth[i]
    if (of >= 0 && truth !== of) continue
    total++
    const [right, rightBefore] = [first.predicted[i] === truth, second.predicted[i] === truth]
    if (right && !rightBefore) gained++
    if (!right && rightBefore) lost++
  }
  return { gained, lost, total }
}
