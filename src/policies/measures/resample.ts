import type { ConfusionMatrix } from '../../domain/evidence.ts'
import type { ClassPredictions } from '../predictions/predictions.ts'
import { drawMultinomial } from '../statistics/binomial.ts'
import { createRandom, type Random } from '../statistics/random.ts'
import type { SumMeasure } from './sums.ts'

/** Beyond so many examples a resample draws groups of them, each one of so many: the spread comes out the same. */
const mostUnits = 10_000
const groupsOfMany = 2_000

/** The values that a function of one or two measured numbers takes when the examples are drawn again; sorted. */
const sorted = (values: Float64Array): Float64Array => values.sort()

export interface Resampling {
  readonly resamples: number
  /** The same seed gives the same resamples. */
  readonly seed: number
}

/** One side of a comparison, or the only one. */
export interface SumSide<P> {
  readonly predictions: P
  readonly measure: SumMeasure<P>
}

/**
 * The bootstrap of measures that are functions of sums: all sides are drawn together, example by example, so that what
 * the models share falls out of their difference (the paired bootstrap). `combine` is given one value a side. Above
 * 10,000 examples, two thousand random groups of equal size are drawn in their place.
 */
export const resampleSums = <P extends { readonly rows: number }>(
  sides: readonly SumSide<P>[],
  combine: (values: readonly number[]) => number,
  { resamples, seed }: Resampling,
): Float64Array => {
  const rows = sides[0]?.predictions.rows ?? 0
  const random = createRandom(seed)
  const units = rows <= mostUnits ? rows : groupsOfMany
  const { sums, sizes } = unitSums(sides, rows, units, random.below)
  const total = new Float64Array(sums.length)
  const parts = offsets(sides, total)
  const drawn = new Uint32Array(units)
  const values = new Float64Array(resamples)
  for (let r = 0; r < resamples; r++) {
    drawInto(drawn, random)
    for (let k = 0; k < total.length; k++) total[k] = sumAt(drawn, sums[k] as Float64Array)
    const count = sumAt(drawn, sizes)
    values[r] = combine(sides.map(({ measure }, side) => measure.of(parts[side] as Float64Array, count)))
  }
  return sorted(values)
}

/** A unit for each place, by chance. */
const drawInto = (drawn: Uint32Array, random: Random): void => {
  for (let i = 0; i < drawn.length; i++) drawn[i] = random.below(drawn.length)
}

const sumAt = (positions: Uint32Array, values: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < positions.length; i++) sum += values[positions[i] as number] as number
  return sum
}

/** The part of the totals that belongs to each side, as views of them. */
const offsets = <P>(sides: readonly SumSide<P>[], total: Float64Array): readonly Float64Array[] => {
  let at = 0
  return sides.map(({ measure }) => {
    const part = total.subarray(at, at + measure.width)
    at += measure.width
    return part
  })
}

/** For each unit the sums of all sides, a column for each, and how many examples it holds. */
const unitSums = <P>(
  sides: readonly SumSide<P>[],
  rows: number,
  units: number,
  below: (bound: number) => number,
): { readonly sums: readonly Float64Array[]; readonly sizes: Float64Array } => {
  const unitOf = rows === units ? undefined : shuffledUnits(rows, units, below)
  const sizes = new Float64Array(units)
  for (let i = 0; i < rows; i++) {
    const unit = unitOf === undefined ? i : (unitOf[i] as number)
    sizes[unit] = (sizes[unit] as number) + 1
  }
  const sums = sides.flatMap(({ predictions, measure: { width, adderOf } }) => {
    const add = adderOf(predictions)
    const table = new Float64Array(units * width)
    for (let i = 0; i < rows; i++) add(i, table, width * (unitOf === undefined ? i : (unitOf[i] as number)))
    return Array.from({ length: width }, (_, k) =>
      Float64Array.from(sizes, (_, unit) => table[unit * width + k] as number),
    )
  })
  return { sums, sizes }
}

/** A unit for each example, by chance and all of about one size: files are often sorted. */
const shuffledUnits = (rows: number, units: number, below: (bound: number) => number): Uint16Array => {
  const unitOf = new Uint16Array(rows)
  for (let i = 0; i < rows; i++) unitOf[i] = i % units
  for (let i = rows - 1; i > 0; i--) {
    const other = below(i + 1)
    const kept = unitOf[i] as number
    unitOf[i] = unitOf[other] as number
    unitOf[other] = kept
  }
  return unitOf
}

/**
 * Half an example for each class, spread over the answers that were not seen: otherwise a class whose few examples were
 * all met would seem certain to be met for ever.
 */
const unseen = 0.5

/**
 * The bootstrap of a measure of one confusion matrix: how often each cell comes is drawn, which is the same as drawing
 * the examples and takes no longer for a million of them. In the order in which they were drawn.
 */
export const resampleCells = (
  matrix: ConfusionMatrix,
  measure: (matrix: ConfusionMatrix) => number,
  { resamples, seed }: Resampling,
): Float64Array => {
  const random = createRandom(seed)
  const width = matrix.labels.length
  const counts = new Float64Array(width * width)
  let examples = 0
  let weight = 0
  matrix.rows.forEach((row, t) => {
    const actual = row.reduce((sum, count) => sum + count, 0)
    examples += actual
    row.forEach((count, p) => {
      const spread = actual === 0 || p === t || width < 2 ? 0 : unseen / (width - 1)
      counts[t * width + p] = count + spread
      weight += count + spread
    })
  })
  const drawn = new Float64Array(counts.length)
  const rows = matrix.labels.map((_, t) => drawn.subarray(t * width, (t + 1) * width))
  const again = { labels: matrix.labels, rows: rows as unknown as number[][] }
  const values = new Float64Array(resamples)
  for (let r = 0; r < resamples; r++) {
    drawMultinomial(random, examples, counts, weight, drawn)
    values[r] = measure(again)
  }
  return values
}

/**
 * The paired bootstrap of a measure of two confusion matrices over the same examples: the cells are (truth, first's
 * answer, second's answer).
 */
export const resamplePairedCells = (
  first: ClassPredictions,
  second: ClassPredictions,
  measure: (matrix: ConfusionMatrix) => number,
  combine: (first: number, second: number) => number,
  { resamples, seed }: Resampling,
): Float64Array => {
  const random = createRandom(seed)
  const width = first.classes.length
  const cells = pairedCells(first, second)
  const keys = [...cells.keys()].sort((a, b) => a - b)
  const counts = Float64Array.from(keys, (key) => cells.get(key) as number)
  const weight = counts.reduce((sum, count) => sum + count, 0)
  const drawn = new Float64Array(keys.length)
  const [a, b] = [emptyMatrix(first.classes), emptyMatrix(first.classes)]
  const values = new Float64Array(resamples)
  for (let r = 0; r < resamples; r++) {
    drawMultinomial(random, first.rows, counts, weight, drawn)
    a.cells.fill(0)
    b.cells.fill(0)
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as number
      const truth = Math.floor(key / (width * width))
      const one = truth * width + (Math.floor(key / width) % width)
      const other = truth * width + (key % width)
      a.cells[one] = (a.cells[one] as number) + (drawn[i] as number)
      b.cells[other] = (b.cells[other] as number) + (drawn[i] as number)
    }
    values[r] = combine(measure(a.matrix), measure(b.matrix))
  }
  return sorted(values)
}

const emptyMatrix = (labels: readonly string[]): { readonly matrix: ConfusionMatrix; readonly cells: Float64Array } => {
  const cells = new Float64Array(labels.length ** 2)
  const rows = labels.map((_, t) => cells.subarray(t * labels.length, (t + 1) * labels.length))
  return { matrix: { labels, rows: rows as unknown as number[][] }, cells }
}

const pairedCells = (first: ClassPredictions, second: ClassPredictions): ReadonlyMap<number, number> => {
  const width = first.classes.length
  const cells = new Map<number, number>()
  const add = (key: number, count: number): void => void cells.set(key, (cells.get(key) ?? 0) + count)
  const seen = new Uint8Array(width)
  const dense = width ** 3 <= 1 << 20 ? new Float64Array(width ** 3) : undefined
  for (let i = 0; i < first.rows; i++) {
    const truth = first.truth[i] as number
    seen[truth] = 1
    const key = (truth * width + (first.predicted[i] as number)) * width + (second.predicted[i] as number)
    if (dense === undefined) add(key, 1)
    else dense[key] = (dense[key] as number) + 1
  }
  dense?.forEach((count, key) => {
    if (count > 0) add(key, count)
  })
  // Either model may be the one that errs where both were right.
  for (let truth = 0; truth < width; truth++)
    for (let other = 0; other < width; other++) {
      if (seen[truth] === 0 || other === truth) continue
      const share = unseen / (2 * (width - 1))
      add((truth * width + truth) * width + other, share)
      add((truth * width + other) * width + truth, share)
    }
  return cells
}
