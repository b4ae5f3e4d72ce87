import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { NumberPredictions } from '../predictions/predictions.ts'
import { createRandom } from '../statistics/random.ts'
import { resampleSums, type SumSide } from './resample.ts'
import { mae, rmse, wape } from './sums.ts'

const estimates = (truth: readonly number[], seed: number): NumberPredictions => {
  const random = createRandom(seed)
  return {
    kind: 'regression',
    rows: truth.length,
    ids: null,
    columns: {},
    truth: Float64Array.from(truth),
    predicted: Float64Array.from(truth, (value) => value + random.uniform() - 0.5),
    quantiles: [],
  }
}

/** Each resample by itself: so many examples by chance, the same for both sides, and the measure of those. */
const oneByOne = (
  sides: readonly SumSide<NumberPredictions>[],
  combine: (values: readonly number[]) => number,
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
): readonly number[] => {
  const random = createRandom(seed)
  const rows = sides[0]?.predictions.rows as number
  const values = Array.from({ length: resamples }, () => {
    const drawn = Array.from({ length: rows }, () => random.below(rows))
    return combine(
      sides.map(({ predictions, measure }) => {
        const add = measure.adderOf(predictions)
        const sums = new Float64Array(measure.width)
        for (const example of drawn) add(example, sums, 0)
        return measure.of(sums, rows)
      }),
    )
  })
  return values.sort((a, b) => a - b)
}

it('draws examples again, the same for both sides', () => {
  const cases = fc.record({
    truth: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }),
    seed: fc.nat(1e6),
    measure: fc.constantFrom(mae, rmse, wape),
  })
  fc.assert(
    fc.property(cases, ({ truth, seed, measure }) => {
      const sides = [1, 2].map((of) => ({ predictions: estimates(truth, seed + of), measure }))
      const difference = ([a, b]: readonly number[]) => (a as number) - (b as number)
      const drawn = resampleSums(sides, difference, { resamples: 50, seed })
      const expected = oneByOne(sides, difference, { resamples: 50, seed })
      for (const [i, value] of expected.entries()) expect(drawn[i]).toBeCloseTo(value, 12)
    }),
  )
})

it('spreads as the examples do where groups of them are drawn, in whatever order they lie', () => {
  const rows = 20_003
  // Sorted, as files often are: groups of neighbours would spread far wider.
  const truth = Array.from({ length: rows }, (_, i) => 1 + i / rows)
  const predictions = { ...estimates(truth, 5), predicted: new Float64Array(rows) }
  const drawn = resampleSums([{ predictions, measure: mae }], ([value]) => value as number, {
    resamples: 1_000,
    seed: 9,
  })
  const moments = (values: Iterable<number>) => {
    const all = [...values]
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length
    return { mean, variance: all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length }
  }
  const { mean, variance } = moments(truth)
  const seen = moments(drawn)
  expect(Math.abs(seen.mean - mean)).toBeLessThan(4 * Math.sqrt(variance / rows / 1_000))
  // The variance of a thousand draws is known to about 4.5 %.
  expect(seen.variance / (variance / rows)).toBeGreaterThan(0.82)
  expect(seen.variance / (variance / rows)).toBeLessThan(1.18)
})
