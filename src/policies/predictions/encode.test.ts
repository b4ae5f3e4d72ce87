import fc from 'fast-check'
import { expect, it } from 'vitest'
import { digestBytes } from '../../domain/digest.ts'
import { decodePredictions, encodePredictions } from './encode.ts'
import type { Predictions } from './predictions.ts'

const joined = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)

const examples = (rows: number) =>
  fc.record({
    ids: fc.option(fc.array(fc.string(), { minLength: rows, maxLength: rows })),
    columns: fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      fc.record({
        values: fc.array(fc.string()),
        codes: fc.array(fc.nat(9), { minLength: rows, maxLength: rows }).map((codes) => Int32Array.from(codes)),
      }),
    ),
  })

const anyNumbers = (length: number) =>
  fc.array(fc.double(), { minLength: length, maxLength: length }).map((numbers) => Float64Array.from(numbers))

const predictions: fc.Arbitrary<Predictions> = fc.nat(7).chain((rows) =>
  fc.oneof(
    fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 4 }).chain((classes) =>
      fc
        .record({
          shared: examples(rows),
          truth: fc.array(fc.nat(classes.length - 1), { minLength: rows, maxLength: rows }),
          scores: fc.option(anyNumbers(rows * classes.length)),
        })
        .map(
          ({ shared, truth, scores }): Predictions => ({
            kind: 'classification',
            rows,
            ...shared,
            classes,
            truth: Int32Array.from(truth),
            predicted: Int32Array.from(truth.toReversed()),
            scores,
          }),
        ),
    ),
    fc
      .record({
        shared: examples(rows),
        truth: anyNumbers(rows),
        predicted: anyNumbers(rows),
        median: anyNumbers(rows),
      })
      .map(
        ({ shared, truth, predicted, median }): Predictions => ({
          kind: 'regression',
          rows,
          ...shared,
          truth,
          predicted,
          quantiles: [{ quantile: 0.5, predicted: median }],
        }),
      ),
  ),
)

it('gives back what was encoded, bit for bit', () => {
  fc.assert(
    fc.property(predictions, (one) => {
      const bytes = joined(encodePredictions(one))
      const again = decodePredictions(bytes)
      expect(again).toEqual(one)
      expect(digestBytes(joined(encodePredictions(again as Predictions)))).toBe(digestBytes(bytes))
    }),
  )
})

it('holds none where the bytes were cut, or are something else', () => {
  fc.assert(
    fc.property(predictions, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (one, share) => {
      const bytes = joined(encodePredictions({ ...one, columns: {} }))
      const cut = bytes.subarray(0, Math.floor((bytes.length - 8) * share))
      expect(decodePredictions(cut)).toBeUndefined()
    }),
  )
  expect(decodePredictions(Buffer.from('label,p_a\na,1\n'))).toBeUndefined()
})
