import { expect, it } from 'vitest'
import { formatFault } from '../../declarations/placed-fault.ts'
import type { GateOutcome } from '../../domain/verdict.ts'
import { parsePolicy } from '../language/parse-policy.ts'
import { canaryGates, takesCanary } from './canary.ts'

const text = `version: 1
model: m
gates:
  right: {metric: accuracy, atLeast: 0.9, confidence: 0.95}
  no worse: {metric: macroF1, against: champion, atLeast: -0.01, confidence: 0.95}
  each: {metric: recall, each: Class, atLeast: 0.5, minExamples: 80}
  parts: {metric: accuracy, atLeast: 0.5, slices: region}
  learned: {metric: accuracy, against: baseline, atLeast: 0.1}
  small: {metric: model.size, atMost: 5MB}
  odd: {check: "metrics.accuracy > 0.1"}
  signed: {require: {count: 1}}
`
const parsed = parsePolicy(text, 'p.yaml')
if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
const policy = parsed.value

const ask = (said: Readonly<Record<string, GateOutcome>>, advisory: readonly string[] = []) =>
  canaryGates(policy, {
    gates: Object.entries(said).map(([gate, outcome]) => ({
      ...{ gate, outcome, reason: '', checks: [] },
      advisory: advisory.includes(gate),
    })),
  })

it('asks what is unclear again, with the same limits and confidence, of fifty answers at least', () => {
  const asked = ask({ right: 'inconclusive', 'no worse': 'inconclusive', each: 'inconclusive', small: 'pass' })
  expect(asked.ok && asked.gates).toEqual([
    { ...policy.gates[0], metric: 'live.accuracy', minExamples: 50 },
    { ...policy.gates[1], metric: 'live.macroF1', minExamples: 50 },
    { ...policy.gates[2], metric: 'live.recall', minExamples: 80 },
  ])
})

it.each<[string, Readonly<Record<string, GateOutcome>>, RegExp]>([
  ['a gate that fails beside it', { right: 'inconclusive', small: 'fail' }, /small fails/],
  ['nothing that is unclear', { right: 'pass' }, /no gate is unclear/],
  ['a gate on parts', { right: 'inconclusive', parts: 'inconclusive' }, /no live answer decides parts/],
  ['a gate against a baseline', { learned: 'inconclusive' }, /learned/],
  ['a gate on how the model is made', { small: 'inconclusive' }, /small/],
  ['a check', { odd: 'inconclusive' }, /odd/],
  ['people', { signed: 'inconclusive' }, /signed/],
  ['a gate that the policy has not', { gone: 'inconclusive' }, /gone/],
])('asks nothing with %s', (_name, said, reason) => {
  const asked = ask(said)
  expect(asked.ok ? '' : asked.reason).toMatch(reason)
})

it('leaves out what is told and not held', () => {
  expect(ask({ right: 'inconclusive', small: 'fail', odd: 'inconclusive' }, ['small', 'odd']).ok).toBe(true)
})

const canaryPolicy = (rollout: string) =>
  `version: 1\nmodel: m\ngates: {g: {metric: accuracy, atLeast: 0.9}}\notherwise: {inconclusive: canary}\nenvironments: {prod: {${rollout}}}\n`

it.each([
  ['rollout: [{traffic: 5, hold: 1h}, {traffic: 100}]', ''],
  ['rollout: [{traffic: 100, hold: 1h}]', 'begins with a part of the traffic'],
  ['', 'begins with a part of the traffic'],
])('a policy may ask for a canary where an environment is {%s}', (rollout, fault) => {
  const read = parsePolicy(canaryPolicy(rollout), 'p.yaml')
  const faults = read.ok ? '' : read.faults.map(formatFault).join('\n')
  if (fault === '') expect(faults).toBe('')
  else expect(faults).toMatch(new RegExp(`^p\\.yaml:4:27: otherwise\\.inconclusive: .*${fault}`))
  if (read.ok) expect(takesCanary(read.value.environments['prod']?.rollout ?? [])).toBe(true)
})
