import fc from 'fast-check'
import { expect, it } from 'vitest'
import { alignPredictions } from './align.ts'
import type { NumberPredictions } from './predictions.ts'

/** The answer to each example is its own truth and half of it, so that a row that got lost among others is seen. */
const answering = (ids: readonly string[]): NumberPredictions => {
  const truth = Float64Array.from(ids, (id) => [...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 1))
  const predicted = truth.map((value) => value / 2)
  return { kind: 'regression', rows: ids.length, ids, columns: {}, truth, predicted, quantiles: [] }
}

it('lays the same examples side by side in whatever order they come', () => {
  const tables = fc
    .uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 30 })
    .chain((ids) => fc.tuple(fc.constant(ids), fc.shuffledSubarray(ids, { minLength: ids.length })))
  fc.assert(
    fc.property(tables, ([ids, shuffled]) => {
      const laid = alignPredictions(answering(ids), answering(shuffled))
      expect(laid).toEqual({ ok: true, first: answering(ids), other: answering(ids) })
    }),
  )
})

it.each([
  ['in the same places', ['a', 'b', 'a']],
  ['in others', ['a', 'a', 'b']],
])('refuses an example that comes twice, %s', (_, ids) => {
  expect(alignPredictions(answering(['a', 'b', 'a']), answering(ids))).toEqual({
    ok: false,
    reason: 'the example a comes twice',
  })
})

it('refuses an example that one of them alone has', () => {
  const reason = 'the example c is in one only'
  expect(alignPredictions(answering(['a', 'c']), answering(['a', 'b']))).toEqual({ ok: false, reason })
})
