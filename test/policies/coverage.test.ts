import { describe, expect, it } from 'vitest'
import {
  answersOf,
  type Change,
  measure,
  uncertaintyOf,
  uncertaintyOfChange,
} from '../../src/policies/measures/measure.ts'
import type { ClassPredictions, NumberPredictions } from '../../src/policies/predictions/predictions.ts'
import { createRandom, type Random } from '../../src/policies/statistics/random.ts'
import { bounds, pValue, type Uncertainty } from '../../src/policies/statistics/uncertainty.ts'

// Intervals are held to what they promise: drawn again and again, they hold the truth as often as they say. Seeds are
// fixed, so a run of this file is the same every time.

const gauss = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform())

const classes = ['a', 'b', 'c']
const shares = [0.5, 0.3, 0.2]

/** A classifier of three classes, and another one of the same skill that errs partly on the same examples. */
const drawPair = (random: Random, rows: number): readonly [ClassPredictions, ClassPredictions] => {
  const truth = new Int32Array(rows)
  const scores = [new Float64Array(rows * 3), new Float64Array(rows * 3)] as const
  const predicted = [new Int32Array(rows), new Int32Array(rows)] as const
  for (let i = 0; i < rows; i++) {
    const u = random.uniform()
    truth[i] = u < (shares[0] as number) ? 0 : u < (shares[0] as number) + (shares[1] as number) ? 1 : 2
    const shared = classes.map(() => gauss(random))
    for (const side of [0, 1] as const) {
      const raw = shared.map((noise, k) => Math.exp(1.6 * (truth[i] === k ? 1 : 0) + 0.6 * noise + 0.6 * gauss(random)))
      const total = raw.reduce((sum, value) => sum + value, 0)
      let best = 0
      raw.forEach((value, k) => {
        scores[side][i * 3 + k] = value / total
        if (value > (raw[best] as number)) best = k
      })
      predicted[side][i] = best
    }
  }
  const one = (side: 0 | 1): ClassPredictions => ({
    kind: 'classification',
    rows,
    ids: null,
    columns: {},
    classes,
    truth,
    predicted: predicted[side],
    scores: scores[side],
  })
  return [one(0), one(1)]
}

const drawNumbers = (random: Random, rows: number): NumberPredictions => {
  const truth = Float64Array.from({ length: rows }, () => 10 + 3 * gauss(random))
  const predicted = truth.map((value) => value + gauss(random) * (1 + 0.5 * random.uniform()))
  return { kind: 'regression', rows, ids: null, columns: {}, truth, predicted, quantiles: [] }
}

const rows = 350
const rounds = 600
const resamples = 250
const alpha = 0.025

/** The share of rounds whose interval holds `truth`. */
const coverage = (truth: number, draw: (random: Random, seed: number) => Uncertainty | undefined): number => {
  const random = createRandom(7)
  let held = 0
  for (let round = 0; round < rounds; round++) {
    const uncertainty = draw(random, round)
    if (uncertainty === undefined) continue
    const [low, high] = bounds(uncertainty, alpha)
    if (low <= truth && truth <= high) held++
  }
  return held / rounds
}

const nominal = (share: number): void => {
  expect(share).toBeGreaterThanOrEqual(0.93)
  expect(share).toBeLessThanOrEqual(0.97)
}

describe('an interval of 95 % holds the truth 93 to 97 times in a hundred', () => {
  const [large] = drawPair(createRandom(1), 200_000)
  const population = answersOf(large)
  it.each([
    ['accuracy', null],
    ['recall', 'c'],
    ['precision', 'b'],
    ['f1', 'c'],
    ['macroF1', null],
    ['mcc', null],
    ['logLoss', null],
    ['brier', null],
    ['auRoc', null],
    ['auRoc', 'b'],
    ['macroAuRoc', null],
    ['auPrc', 'c'],
  ])('%s %s', (metric, of) => {
    const truth = measure(population, { metric, of }) as number
    nominal(
      coverage(truth, (random, seed) =>
        uncertaintyOf(answersOf(drawPair(random, rows)[0]), { metric, of }, { resamples, seed }),
      ),
    )
  })

  it.each(['mae', 'rmse', 'rSquared'])('%s', (metric) => {
    const truth = measure(answersOf(drawNumbers(createRandom(2), 300_000)), { metric, of: null }) as number
    nominal(
      coverage(truth, (random, seed) =>
        uncertaintyOf(answersOf(drawNumbers(random, rows)), { metric, of: null }, { resamples, seed }),
      ),
    )
  })

  it.each<[string, string | null, Change]>([
    ['accuracy', null, 'absolute'],
    ['recall', 'c', 'absolute'],
    ['accuracy', null, 'relative'],
    ['macroF1', null, 'absolute'],
    ['macroF1', null, 'relative'],
    ['logLoss', null, 'relative'],
    ['auRoc', 'b', 'absolute'],
    ['macroAuRoc', null, 'relative'],
  ])('the change of %s %s, %s: two models of the same skill do not differ', (metric, of, change) => {
    nominal(
      coverage(0, (random, seed) => {
        const [first, second] = drawPair(random, rows)
        return uncertaintyOfChange(answersOf(first), answersOf(second), { metric, of }, change, { resamples, seed })
      }),
    )
  })

  it('also where examples are drawn in groups', () => {
    const [sample] = drawPair(createRandom(3), 40_000)
    const whole = uncertaintyOf(answersOf(sample), { metric: 'logLoss', of: null }, { resamples: 1000, seed: 5 })
    const [low, high] = bounds(whole as Uncertainty, alpha)
    // The mean's own error: the bootstrap of a mean must come near it.
    const losses = Array.from(
      { length: sample.rows },
      (_, i) => -Math.log((sample.scores as Float64Array)[i * 3 + (sample.truth[i] as number)] as number),
    )
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
    const error = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0)) / losses.length
    expect((high - low) / (2 * 1.959964 * error)).toBeGreaterThan(0.9)
    expect((high - low) / (2 * 1.959964 * error)).toBeLessThan(1.1)
  })
})

describe('a candidate that is no better', () => {
  it.each([
    ['accuracy', null],
    ['macroF1', null],
    ['auRoc', 'b'],
    ['logLoss', null],
  ])('is called better by %s about as often as the level says', (metric, of) => {
    const random = createRandom(11)
    let called = 0
    for (let round = 0; round < rounds; round++) {
      const [first, second] = drawPair(random, rows)
      const change = uncertaintyOfChange(answersOf(first), answersOf(second), { metric, of }, 'absolute', {
        resamples,
        seed: round,
      })
      if (change !== undefined && pValue(change, 0, metric === 'logLoss' ? 'below' : 'above') <= 0.05) called++
    }
    // Two standard errors of the simulation above the level; McNemar's exact test stays below it.
    expect(called / rounds).toBeLessThanOrEqual(0.05 + 2 * Math.sqrt((0.05 * 0.95) / rounds))
    expect(called).toBeGreaterThan(0)
  })
})

describe('few examples', () => {
  it('that were all met prove little', () => {
    const rows = 10
    const truth = Int32Array.from({ length: rows }, (_, i) => i % 2)
    const scores = new Float64Array(rows * 2)
    truth.forEach((t, i) => {
      scores[2 * i + t] = 1
    })
    const sure: ClassPredictions = {
      kind: 'classification',
      rows,
      ids: null,
      columns: {},
      classes: ['a', 'b'],
      truth,
      predicted: truth,
      scores,
    }
    for (const metric of ['accuracy', 'macroF1', 'mcc', 'auRoc']) {
      const uncertainty = uncertaintyOf(answersOf(sure), { metric, of: null }, { resamples: 1000, seed: 1 })
      expect(pValue(uncertainty as Uncertainty, 0.9, 'above'), metric).toBeGreaterThan(0.05)
    }
    const same = uncertaintyOfChange(answersOf(sure), answersOf(sure), { metric: 'macroF1', of: null }, 'absolute', {
      resamples: 1000,
      seed: 1,
    })
    expect(pValue(same as Uncertainty, -0.005, 'above')).toBeGreaterThan(0.05)
  })
})
