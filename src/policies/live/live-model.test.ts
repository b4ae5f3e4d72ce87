import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Json } from '../../domain/json.ts'
import type { LiveRequest } from '../../domain/ports/request-log.ts'
import { liveMetrics } from './live-metrics.ts'
import { liveModelOf } from './live-model.ts'

const request = (id: string, predictions: readonly Json[] | null, over: Partial<LiveRequest> = {}): LiveRequest => ({
  id,
  at: 0,
  deployedModel: 'one',
  ok: predictions !== null,
  latency: 1,
  predictions,
  ...over,
})

it('counts requests and errors, and sorts what the answers took', () => {
  const model = liveModelOf(
    [request('a', ['x'], { latency: 9 }), request('b', null, { latency: 500 }), request('c', ['x'], { latency: 3 })],
    new Map(),
  )
  expect([model.requests, model.errors, [...model.latencies]]).toEqual([3, 1, [3, 9]])
})

it.each<[string, readonly Json[], readonly Json[], object]>([
  [
    'classes with scores',
    [{ classes: ['a', 'b'], scores: [0.2, 0.8] }],
    ['b'],
    { kind: 'classification', classes: ['a', 'b'] },
  ],
  ['a bare class', ['a'], ['b'], { kind: 'classification', classes: ['a', 'b'], scores: null }],
  ['a class whose label is a number', [{ classes: ['0', '1'], scores: [1, 0] }], [1], { classes: ['0', '1'] }],
  ['a number', [{ value: 4 }], [5], { kind: 'regression', predicted: Float64Array.of(4), truth: Float64Array.of(5) }],
  ['a bare number', [4], ['5.5'], { truth: Float64Array.of(5.5) }],
])('reads %s', (_name, predictions, labels, expected) => {
  const model = liveModelOf([request('a', predictions)], new Map([['a', labels]]))
  expect(model.labelled).toMatchObject(expected)
})

it.each<[string, readonly Json[], readonly Json[]]>([
  ['another number of labels', ['a', 'b'], ['a']],
  ['a label that is not known', ['a'], [null]],
  ['a label that is no number, of a number', [4], ['four']],
  ['a truth that is none', [4], [true]],
  ['an answer that nobody can read', [{ odd: true }], ['a']],
])('takes no part of %s', (_name, predictions, labels) => {
  expect(liveModelOf([request('a', predictions)], new Map([['a', labels]])).labelled).toBeNull()
})

it('joins labels to the instances of a request in their order', () => {
  const model = liveModelOf([request('a', ['x', 'y', 'x'])], new Map([['a', ['x', null, 'y']]]))
  expect(liveMetrics(model, null)).toMatchObject({ requests: 1, labelled: 2, accuracy: 0.5 })
})

it('says how far the answers of two models lie apart, from 0 to 1, the same from both sides', () => {
  const answers = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 30 })
  const numbers = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 30 })
  const modelOf = (all: readonly Json[]) => liveModelOf([request('a', all)], new Map())
  fc.assert(
    fc.property(fc.oneof(fc.tuple(answers, answers), fc.tuple(numbers, numbers)), ([one, other]) => {
      const [a, b] = [modelOf(one), modelOf(other)]
      const shift = liveMetrics(a, b)['predictionShift'] as number
      expect(shift).toBeGreaterThanOrEqual(0)
      expect(shift).toBeLessThanOrEqual(1)
      expect(liveMetrics(b, a)['predictionShift']).toBeCloseTo(shift, 12)
      expect(liveMetrics(a, a)['predictionShift']).toBe(0)
    }),
  )
  expect(liveMetrics(modelOf([1, 2]), modelOf([3, 4]))['predictionShift']).toBe(1)
  expect(liveMetrics(modelOf(['a', 'a', 'b']), modelOf(['a', 'b', 'b']))['predictionShift']).toBeCloseTo(1 / 3, 12)
})

it('never throws, whatever was logged and labelled', () => {
  const json = fc.jsonValue() as fc.Arbitrary<Json>
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(json), fc.array(json)), { maxLength: 10 }), (rows) => {
      const requests = rows.map(([predictions], i) => request(String(i), predictions))
      const model = liveModelOf(requests, new Map(rows.map(([, labels], i) => [String(i), labels])))
      expect(liveMetrics(model, model)['requests']).toBe(rows.length)
    }),
  )
})
