import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sortedOrder } from './sorted-order.ts'

it('sorts as comparing does, equal values in their order', () => {
  const near = fc.integer({ min: -400, max: 400 }).map((steps) => 0.75 + steps * Number.EPSILON)
  const number = fc.oneof(
    fc.double(),
    fc.integer({ min: -3, max: 3 }),
    // Their upper words are the same: few of them are compared, many are sorted by all bits.
    near,
    fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, -5e-324),
  )
  // All ways are taken: by comparing for few values, by their upper bits for many, and by all bits where those are the same.
  const few = fc.array(number, { minLength: 0, maxLength: 600 })
  const many = fc.array(fc.oneof({ weight: 9, arbitrary: near }, number), { minLength: 256, maxLength: 600 })
  fc.assert(
    fc.property(fc.oneof(few, many), (values) => {
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
