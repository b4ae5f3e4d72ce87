import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestJson } from '../../domain/digest.ts'
import type { Evidence } from '../../domain/evidence.ts'
import { findMetric, metricNames } from '../language/metrics.ts'
import type { MetricGate } from '../language/policy.ts'
import type { Case } from './case.ts'
import { judge } from './judge.ts'

const evidence = (parts: Partial<Evidence>): Evidence => ({
  metrics: {},
  perClass: {},
  confusion: null,
  sources: [],
  digest: digestJson(null),
  ...parts,
})

const gate = (parts: Partial<MetricGate>): MetricGate => ({
  kind: 'metric',
  name: 'g',
  advisory: false,
  metric: 'macroF1',
  atLeast: null,
  atMost: null,
  each: null,
  against: null,
  change: 'absolute',
  confidence: null,
  slices: [],
  minExamples: 1,
  ...parts,
})

const caseOf = (known: Evidence): Case => ({
  candidate: { evidence: known, answers: null },
  references: {},
  checks: {},
  approvals: [],
  author: 'grower',
})

const judged = (gates: readonly MetricGate[], parts: Partial<Evidence>) =>
  judge({ gates, seed: 1, resamples: 500 }, caseOf(evidence(parts)))

describe('a limit', () => {
  it.each([
    [0.9, 'pass', 'macroF1 is 0.900, exactly the 0.9 that is asked'],
    [0.85 + 0.05, 'pass', 'macroF1 is 0.900, exactly the 0.9 that is asked'],
    [0.1 + 0.7 + 0.1, 'pass', 'macroF1 is 0.900, exactly the 0.9 that is asked'],
    [0.9 - 1e-9, 'fail', 'macroF1 is 0.899999999, 0.000000001 below the 0.9 that is asked'],
    [0.8999, 'fail', 'macroF1 is 0.8999, 0.0001 below the 0.9 that is asked'],
    [0.93, 'pass', 'macroF1 is 0.930, 0.030 above the 0.9 that is asked'],
    [0, 'fail', 'macroF1 is 0.000, 0.900 below the 0.9 that is asked'],
  ])('of at least 0.9 and %d: %s', (macroF1, outcome, reason) => {
    const { gates } = judged([gate({ atLeast: 0.9 })], { metrics: { macroF1 } })
    expect(gates[0]?.checks).toEqual([
      {
        metric: 'macroF1',
        of: null,
        slice: null,
        examples: null,
        value: macroF1,
        limit: { kind: 'atLeast', value: 0.9 },
        change: null,
        interval: null,
        outcome,
        reason,
      },
    ])
  })

  it.each([
    [0.3, 'pass'],
    [0.1 + 0.2, 'pass'],
    [0.3001, 'fail'],
    [0, 'pass'],
  ])('of at most 0.3 and %d: %s', (logLoss, outcome) => {
    expect(judged([gate({ metric: 'logLoss', atMost: 0.3 })], { metrics: { logLoss } }).outcome).toBe(outcome)
  })

  it('on both sides holds on both', () => {
    const both = [gate({ metric: 'auRoc', atLeast: 0.9, atMost: 0.99 })]
    expect(judged(both, { metrics: { auRoc: 0.95 } }).outcome).toBe('pass')
    expect(judged(both, { metrics: { auRoc: 0.999 } }).gates[0]?.checks.map((c) => c.outcome)).toEqual(['pass', 'fail'])
  })
})

describe('a number that is no evidence fails', () => {
  it.each([
    [{}, 'macroF1 is missing from the evidence'],
    [{ macroF1: Number.NaN }, 'macroF1 is not a number'],
    [{ macroF1: Number.POSITIVE_INFINITY }, 'macroF1 is not a number'],
    [{ macroF1: 93.1 }, 'macroF1 is 93.1, which it cannot be: it lies between 0 and 1'],
    [{ macrof1: 1 }, 'macroF1 is missing from the evidence'],
  ])('%j', (metrics, reason) => {
    const { outcome, gates } = judged([gate({ atLeast: 0.9 })], { metrics })
    expect(outcome).toBe('fail')
    expect(gates[0]?.reason).toBe(reason)
  })

  it('also one that every object has', () => {
    expect(judged([gate({ metric: 'constructor', atLeast: 0 })], {}).outcome).toBe('fail')
  })
})

describe('each class', () => {
  const recall = gate({ metric: 'recall', each: 'Class', atLeast: 0.85 })
  const confusion = {
    labels: ['A', 'B', 'C'],
    rows: [
      [9, 1, 0],
      [0, 10, 0],
      [0, 0, 10],
    ],
  }

  it('is checked, and the reason names those that failed', () => {
    const { outcome, reason, gates } = judged([recall], { confusion, perClass: { recall: { A: 0, B: 1, C: 0.85 } } })
    expect(outcome).toBe('fail')
    expect(gates[0]?.checks.map((c) => [c.of, c.outcome])).toEqual([
      ['A', 'fail'],
      ['B', 'pass'],
      ['C', 'pass'],
    ])
    expect(reason).toBe('refused by g (recall of A is 0.000, 0.850 below the 0.85 that is asked)')
  })

  it('that the matrix has and the numbers lack fails', () => {
    expect(judged([recall], { confusion, perClass: { recall: { A: 1, B: 1 } } }).reason).toMatch(
      /recall of C is missing/,
    )
  })

  it('without examples is inconclusive', () => {
    const empty = {
      labels: ['A', 'B'],
      rows: [
        [9, 1],
        [0, 0],
      ],
    }
    const { outcome, reason } = judged([recall], { confusion: empty, perClass: { recall: { A: 0.9, B: 0 } } })
    expect(outcome).toBe('inconclusive')
    expect(reason).toMatch(
      /not enough evidence for g \(recall of B cannot be told: the evaluation has no example of B\)/,
    )
  })

  it('that only slices know is checked too', () => {
    const auRoc = gate({ metric: 'auRoc', each: 'Class', atLeast: 0.9 })
    expect(judged([auRoc], { perClass: { auRoc: { A: 0.95, B: 0.8 } } }).outcome).toBe('fail')
  })

  it('where none is known fails', () => {
    const { outcome, reason } = judged([recall], { metrics: { recall: 1 } })
    expect(outcome).toBe('fail')
    expect(reason).toMatch(/no class of Class is known/)
  })
})

describe('a policy', () => {
  const pass = gate({ name: 'p', atLeast: 0.1 })
  const fail = gate({ name: 'f', atLeast: 0.9 })
  const unclear = gate({ name: 'u', metric: 'recall', each: 'Class', atLeast: 0.1 })
  const parts = { metrics: { macroF1: 0.5 }, confusion: { labels: ['A'], rows: [[0]] } }
  it.each([
    [[pass], 'pass', 'its one gate passed'],
    [[pass, { ...pass, name: 'q' }], 'pass', 'all 2 gates passed'],
    [[pass, fail], 'fail', 'refused by f (macroF1 is 0.500, 0.400 below the 0.9 that is asked)'],
    [[pass, unclear], 'inconclusive', /^not enough evidence for u/],
    [[unclear, fail, pass], 'fail', /^refused by f/],
    [[], 'inconclusive', 'nothing was judged: the policy has no gates'],
  ])('%#: %s', (gates, outcome, reason) => {
    const result = judged(gates, parts)
    expect(result.outcome).toBe(outcome)
    expect(result.reason).toMatch(reason)
    expect(result.gates.map((g) => g.gate)).toEqual(gates.map((g) => g.name))
  })
})

it('is monotone: a better number never turns a pass into a refusal', () => {
  const metric = fc.constantFrom(...metricNames.filter((name) => findMetric(name)?.over !== 'each'))
  const number = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(metric, number, number, number, (name, limit, a, b) => {
      const higher = findMetric(name)?.better === 'higher'
      const [worse, better] = higher === a < b ? [a, b] : [b, a]
      const limited = gate({ metric: name, ...(higher ? { atLeast: limit } : { atMost: limit }) })
      const rank = (value: number) => (judged([limited], { metrics: { [name]: value } }).outcome === 'pass' ? 1 : 0)
      return rank(better) >= rank(worse)
    }),
  )
})

it('passes exactly what meets the limit, and gives a number for every check', () => {
  const number = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(number, number, (limit, value) => {
      const [check] = judged([gate({ atLeast: limit })], { metrics: { macroF1: value } }).gates[0]?.checks ?? []
      return check?.value === value && check.outcome === (value >= limit - 1e-12 ? 'pass' : 'fail')
    }),
  )
})

it('never passes what the evidence does not name', () => {
  fc.assert(
    fc.property(fc.string(), fc.dictionary(fc.string(), fc.double()), (name, metrics) => {
      fc.pre(!Object.hasOwn(metrics, name))
      return judged([gate({ metric: name, atLeast: -1e300, atMost: 1e300 })], { metrics }).outcome === 'fail'
    }),
  )
})
