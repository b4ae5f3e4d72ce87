import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Json } from '../../domain/json.ts'
import type { LiveRequest } from '../../domain/ports/request-log.ts'
import { checkLabels } from './check-labels.ts'

const request = (id: string, predictions: readonly Json[] | null): LiveRequest => ({
  ...{ id, at: 0, deployedModel: 'one', ok: predictions !== null, latency: 1, predictions },
})
const none = { count: 0, first: [] }
const bean = { classes: ['SIRA', 'SEKER'], scores: [0.9, 0.1] }

it.each<[string, readonly Json[] | null, readonly Json[], object]>([
  ['of its classes', [bean], ['SEKER'], {}],
  ['that is not known', [bean, bean], ['SIRA', null], {}],
  ['that is a number, of numbers', [{ value: 3 }], ['4.5'], {}],
  ['of classes of which only the decided is known', ['SIRA'], ['POTATO'], {}],
  ['that is none of its classes', [bean], ['POTATO'], { foreign: { count: 1, first: ['a'] } }],
  ['that is no number, of numbers', [3], ['many'], { foreign: { count: 1, first: ['a'] } }],
  ['too many', [bean], ['SIRA', 'SIRA'], { otherNumber: { count: 1, first: ['a'] } }],
  ['of a request that was not answered', null, ['SIRA'], { unanswered: { count: 1, first: ['a'] } }],
])('a label %s', (_name, predictions, labels, expected) => {
  const check = checkLabels([request('a', predictions)], [{ request: 'a', labels: labels as (string | null)[] }])
  expect(check).toEqual({ unknown: none, unanswered: none, otherNumber: none, foreign: none, ...expected })
})

it('requests that are not logged are counted, and the first named', () => {
  const told = ['1', '2', '3', '4', '5', '6', '7'].map((name) => ({ request: name, labels: ['SIRA'] }))
  expect(checkLabels([request('3', [bean])], told).unknown).toEqual({ count: 6, first: ['1', '2', '4', '5', '6'] })
})

it('never throws, whatever was logged and told', () => {
  const json = fc.jsonValue() as fc.Arbitrary<Json>
  const label = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null))
  fc.assert(
    fc.property(fc.array(json), fc.array(label), (predictions, labels) => {
      const check = checkLabels([request('a', predictions)], [{ request: 'a', labels }])
      expect(Object.values(check).reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(1)
    }),
  )
})
