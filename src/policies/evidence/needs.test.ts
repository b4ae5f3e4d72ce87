import { expect, it } from 'vitest'
import { parsePolicy } from '../language/parse-policy.ts'
import { needsOf } from './needs.ts'

const stated = { metrics: { accuracy: 0.9, macroF1: 0.9 }, perClass: { recall: { a: 1 } }, confusion: null }
const counted = {
  ...stated,
  confusion: {
    labels: ['a', 'b'],
    rows: [
      [5, 1],
      [1, 5],
    ],
  },
}

const nothing = { examples: false, references: [], scored: [], serving: false, data: false }
const champion = { kind: 'champion' } as const

it.each([
  ['{metric: accuracy, atLeast: 0.9}', stated, {}],
  ['{metric: recall, each: Class, atLeast: 0.9}', stated, { targets: ['Class'] }],
  ['{metric: logLoss, atMost: 0.3}', stated, { examples: true }],
  ['{metric: accuracy, slices: region, atLeast: 0.9}', stated, { examples: true }],
  ['{metric: accuracy, atLeast: 0.9, confidence: 0.95}', stated, { examples: true }],
  ['{metric: accuracy, atLeast: 0.9, confidence: 0.95}', counted, {}],
  ['{metric: auRoc, atLeast: 0.9, confidence: 0.95}', { ...counted, metrics: { auRoc: 1 } }, { examples: true }],
  ['{metric: macroF1, against: baseline, atLeast: 0}', stated, { examples: true }],
  [
    '{metric: macroF1, against: champion, atLeast: 0}',
    stated,
    { examples: true, references: [champion], scored: ['champion'] },
  ],
  ['{metric: latency.p99, atMost: 50ms}', stated, { serving: true, answers: false }],
  ['{metric: latency.p99, atMost: 5ms, against: champion}', stated, { serving: true, references: [champion] }],
  ['{metric: data.skew, atMost: 0.1}', stated, { data: true }],
  ['{check: "data.rows > 3 && metrics.accuracy > 0.5"}', stated, { data: true }],
  ['{check: "champion.macroF1 < 0.9"}', stated, { references: [champion], scored: ['champion'] }],
] as const)('%s needs no more than it says', (gate, evidence, wanted) => {
  const parsed = parsePolicy(`version: 1\nmodel: beans\ngates:\n  it: ${gate}\n`, 'beans.yaml')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  expect(needsOf(parsed.value, evidence)).toMatchObject({ ...nothing, ...wanted })
})
