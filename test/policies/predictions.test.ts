import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { automlRequirements } from '../../src/platform/automl/train.ts'
import { combineParts, standardErrorOf } from '../../src/policies/measures/influence.ts'
import { answersOf, measure } from '../../src/policies/measures/measure.ts'
import { rank } from '../../src/policies/measures/ranking.ts'
import { rocArea } from '../../src/policies/measures/roc-area.ts'
import type { ClassPredictions, NumberPredictions } from '../../src/policies/predictions/predictions.ts'
import { normalCdf, normalQuantile } from '../../src/policies/statistics/normal.ts'
import { bounds, pValue } from '../../src/policies/statistics/uncertainty.ts'
import { sharedEnvironments } from '../automl/environments.ts'

type Values = Readonly<Record<string, number | null>>

interface Vectors {
  readonly classification: readonly {
    readonly name: string
    readonly classes: readonly string[]
    readonly truth: readonly number[]
    readonly predicted: readonly number[]
    readonly scores: readonly (readonly number[])[]
    readonly whole: Values
    readonly each: Readonly<Record<string, readonly (number | null)[]>>
  }[]
  readonly regression: readonly {
    readonly name: string
    readonly truth: readonly number[]
    readonly predicted: readonly number[]
    readonly quantiles: readonly {
      readonly quantile: number
      readonly predicted: readonly number[]
      readonly loss: number
    }[]
    readonly whole: Values
  }[]
  readonly areas: readonly {
    readonly positive: readonly number[]
    readonly first: readonly number[]
    readonly second: readonly number[]
    readonly areas: readonly [number, number]
    readonly errors: readonly [number, number]
    readonly difference: number
  }[]
  readonly wilson: readonly { hits: number; total: number; level: number; interval: readonly [number, number] }[]
  readonly mcnemar: readonly { gained: number; lost: number; p: number }[]
  readonly quantiles: readonly { p: number; z: number }[]
  readonly chances: readonly { z: number; p: number }[]
}

let vectors: Vectors

beforeAll(async () => {
  const { python } = await sharedEnvironments().ensure(await automlRequirements())
  const script = fileURLToPath(new URL('./make_prediction_vectors.py', import.meta.url))
  const { stdout } = await promisify(execFile)(python, [script], { maxBuffer: 64 * 1024 ** 2 })
  vectors = JSON.parse(stdout)
}, 600_000)

const classPredictions = (of: Vectors['classification'][number]): ClassPredictions => ({
  kind: 'classification',
  rows: of.truth.length,
  ids: null,
  columns: {},
  classes: of.classes,
  truth: Int32Array.from(of.truth),
  predicted: Int32Array.from(of.predicted),
  scores: Float64Array.from(of.scores.flat()),
})

/** Within 1e-9, in proportion where the numbers are large. */
const expectSame = (measured: number | undefined, expected: number | null, what: string): void => {
  if (expected === null) {
    expect(measured, what).toBeUndefined()
    return
  }
  expect(measured, what).toBeDefined()
  expect(Math.abs((measured as number) - expected), `${what}: ${measured} for ${expected}`).toBeLessThanOrEqual(
    1e-9 * Math.max(1, Math.abs(expected)),
  )
}

describe('measures of predictions equal scikit-learn', () => {
  it('of classifiers', () => {
    expect(vectors.classification.length).toBeGreaterThan(5)
    for (const vector of vectors.classification) {
      const answers = answersOf(classPredictions(vector))
      for (const [metric, expected] of Object.entries(vector.whole))
        expectSame(measure(answers, { metric, of: null }), expected, `${metric} of ${vector.name}`)
      for (const [metric, values] of Object.entries(vector.each))
        for (const [i, expected] of values.entries())
          expectSame(
            measure(answers, { metric, of: vector.classes[i] as string }),
            expected,
            `${metric} of ${vector.classes[i]} of ${vector.name}`,
          )
    }
  })

  it('of regressions and forecasts', () => {
    expect(vectors.regression.length).toBeGreaterThan(3)
    for (const { name, truth, predicted, quantiles, whole } of vectors.regression) {
      const predictions: NumberPredictions = {
        kind: 'regression',
        rows: truth.length,
        ids: null,
        columns: {},
        truth: Float64Array.from(truth),
        predicted: Float64Array.from(predicted),
        quantiles: quantiles.map((q) => ({ quantile: q.quantile, predicted: Float64Array.from(q.predicted) })),
      }
      const answers = answersOf(predictions)
      for (const [metric, expected] of Object.entries(whole))
        expectSame(measure(answers, { metric, of: null }), expected, `${metric} of ${name}`)
      for (const { quantile, loss } of quantiles)
        expectSame(measure(answers, { metric: 'quantileLoss', of: String(quantile) }), loss, `${quantile} of ${name}`)
    }
  })
})

describe('statistics equal scipy', () => {
  it('of areas under two curves of the same examples, by the definition of DeLong', () => {
    for (const vector of vectors.areas) {
      const positive = Uint8Array.from(vector.positive)
      const [first, second] = [vector.first, vector.second].map((given) => {
        const scores = Float64Array.from(given)
        return rocArea(rank(scores, positive))
      })
      expectSame(first?.value, vector.areas[0], 'area')
      expectSame(second?.value, vector.areas[1], 'area')
      const [one, other] = [first?.parts ?? new Float64Array(), second?.parts ?? new Float64Array()]
      expectSame(standardErrorOf(one), vector.errors[0], 'standard error')
      expectSame(standardErrorOf(other), vector.errors[1], 'standard error')
      expectSame(standardErrorOf(combineParts(one, 1, other, -1)), vector.difference, 'error of the difference')
    }
  })

  it('in the intervals of Wilson, whose bounds are where their p-value says', () => {
    for (const { hits, total, level, interval } of vectors.wilson) {
      const share = { kind: 'proportion', method: 'Wilson', hits, total } as const
      const alpha = (1 - level) / 2
      const [low, high] = bounds(share, alpha)
      expectSame(low, interval[0], `${hits} of ${total}`)
      expectSame(high, interval[1], `${hits} of ${total}`)
      if (hits > 0) expect(pValue(share, low, 'above')).toBeCloseTo(alpha, 9)
      if (hits < total) expect(pValue(share, high, 'below')).toBeCloseTo(alpha, 9)
    }
  })

  it("in McNemar's exact test", () => {
    for (const { gained, lost, p } of vectors.mcnemar)
      expectSame(
        pValue({ kind: 'paired', method: 'McNemar', gained, lost, total: 5000 }, 0, 'above'),
        p,
        `${gained}, ${lost}`,
      )
  })

  it('in the normal distribution', () => {
    for (const { p, z } of vectors.quantiles) expectSame(normalQuantile(p), z, String(p))
    for (const { p, z } of vectors.chances) {
      expectSame(normalCdf(z), p, String(z))
      if (z < 0) expect(normalCdf(z) / p).toBeCloseTo(1, 9)
    }
  })
})
