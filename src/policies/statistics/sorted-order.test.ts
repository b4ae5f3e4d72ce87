import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sortedOrder } from './sorted-order.ts'

it('sorts as comparing does, equal values in their order', () => {
  const number = fc.oneof(
    fc.double(),
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, -5e-324),
  )
  // Both ways are taken: by comparing for few values, by their bits for many.
  fc.assert(
    fc.property(fc.array(number, { minLength: 0, maxLength: 600 }), (values) => {
      const rank = (value: number): number => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value)
      const expected = values
        .map((_, i) => i)
        .sort((a, b) => {
          const [x, y] = [values[a] as number, values[b] as number]
          if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1
          return rank(x) === rank(y) ? a - b : rank(x) - rank(y)
        })
      expect([...sortedOrder(Float64Array.from(values))]).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})
