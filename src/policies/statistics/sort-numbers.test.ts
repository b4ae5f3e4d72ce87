import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sortNumbers } from './sort-numbers.ts'

it('sorts as the built-in sort does', () => {
  const number = fc.oneof(
    fc.double({ noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer({ min: -3, max: 3 }),
    // Their upper words are the same: all of them are in one lot.
    fc.integer({ min: -400, max: 400 }).map((steps) => 0.75 + steps * Number.EPSILON),
    fc.constantFrom(0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, -5e-324),
  )
  const few = fc.array(number, { maxLength: 20 })
  const many = fc.array(number, { minLength: 250, maxLength: 600 })
  fc.assert(
    fc.property(fc.oneof(few, many), (all) => {
      const values = Float64Array.from(all, (value) => value + 0)
      expect(sortNumbers(values)).toEqual(values.slice().sort())
    }),
    { numRuns: 300 },
  )
})
