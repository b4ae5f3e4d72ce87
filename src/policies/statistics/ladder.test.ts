import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createLadder, placesOn } from './ladder.ts'

it('finds the place of every number among the rungs, as looking at each of them does', () => {
  const near = fc.integer({ min: -400, max: 400 }).map((steps) => 0.75 + steps * Number.EPSILON)
  const number = fc.oneof(
    fc.double(),
    fc.double({ min: 0, max: 1 }),
    fc.integer({ min: -3, max: 3 }),
    // They share the upper bits that the directory goes by.
    near,
    fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, -5e-324),
  )
  fc.assert(
    fc.property(fc.array(number, { maxLength: 300 }), fc.array(number, { maxLength: 100 }), (chosen, asked) => {
      const sorted = Float64Array.from(chosen.filter((value) => !Number.isNaN(value))).sort()
      const rungs = [...new Set([...sorted].map((value) => value + 0))]
      const ladder = createLadder(sorted)
      expect([...ladder.rungs].map((value) => value + 0)).toEqual(rungs)
      const values = [...asked, ...chosen]
      const places = values.map((value) => {
        const below = Number.isNaN(value) ? rungs.length : rungs.filter((rung) => rung < value).length
        return rungs[below] === value ? -1 - below : below
      })
      expect([...placesOn(ladder, Float64Array.from(values))]).toEqual(places)
    }),
    { numRuns: 300 },
  )
})
