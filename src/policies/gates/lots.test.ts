import { expect, it } from 'vitest'
import { parsePolicy } from '../language/parse-policy.ts'
import { lotsOf } from './lots.ts'

it('deals every gate into one lot, with those that share its work, and what takes longest first', () => {
  const parsed = parsePolicy(
    `version: 1
model: m
gates:
  a: {metric: accuracy, atLeast: 0.5}
  b: {metric: macroAuRoc, atLeast: 0.5}
  c: {check: "metrics.accuracy > 0.5"}
  d: {metric: auRoc, atLeast: 0.5}
  e: {metric: auRoc, each: kind, atLeast: 0.5}
  f: {metric: brier, atMost: 0.5}
  g: {metric: auPrc, against: champion, atLeast: 0}
  h: {metric: accuracy, against: champion, atLeast: 0}
  i: {metric: mae, atMost: 1}
`,
    'p.yaml',
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  const named = lotsOf(parsed.value.gates).map((lot) => lot.map((at) => parsed.value.gates[at]?.name).join(''))
  expect(named).toEqual(['dg', 'be', 'f', 'ah', 'c', 'i'])
})
