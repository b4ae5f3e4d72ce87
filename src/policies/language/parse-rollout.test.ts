import { expect, it } from 'vitest'
import { formatFault } from '../../declarations/placed-fault.ts'
import { parsePolicy } from './parse-policy.ts'

const withRollout = (rollout: string) =>
  `version: 1\nmodel: m\ngates: {g: {metric: accuracy, atLeast: 0.9}}\nenvironments:\n  prod:\n    rollout: ${rollout}\n`
const faultsOf = (rollout: string) => {
  const parsed = parsePolicy(withRollout(rollout), 'p.yaml')
  return parsed.ok ? [] : parsed.faults.map(formatFault)
}

it('reads steps with their holds, the longest of which is the hold where nothing else is said', () => {
  const parsed = parsePolicy(
    withRollout('[{traffic: 10, hold: 30m, longest: 2h}, {traffic: 50, hold: 1s}, {traffic: 100}]'),
    'p.yaml',
  )
  if (!parsed.ok) throw new Error(parsed.faults.map(formatFault).join('\n'))
  const step = { gates: [], inconclusive: 'person' }
  expect(parsed.value.environments['prod']?.rollout).toEqual([
    { ...step, traffic: 10, hold: 1_800_000, longest: 7_200_000 },
    { ...step, traffic: 50, hold: 1_000, longest: 1_000 },
    { ...step, traffic: 100, hold: 0, longest: 0 },
  ])
})

it('takes all traffic in one step where no rollout is asked for', () => {
  const parsed = parsePolicy(
    'version: 1\nmodel: m\ngates: {g: {metric: accuracy, atLeast: 0.9}}\nenvironments: {prod: {}}\n',
    'p.yaml',
  )
  expect(parsed.ok && parsed.value.environments['prod']?.rollout.map(({ traffic, hold }) => [traffic, hold])).toEqual([
    [100, 0],
  ])
})

const steps = 'environments: {prod: {rollout: [{traffic: 10, hold: 1m, gates: [NAMES]}, {traffic: 100}]}}\n'
const withGates = (gates: string, names: string) =>
  `version: 1\nmodel: m\ngates:\n  good: {metric: accuracy, atLeast: 0.9}\n${gates}${steps.replace('NAMES', names)}`
const gateFaults = (gates: string, names: string) => {
  const parsed = parsePolicy(withGates(gates, names), 'p.yaml')
  return parsed.ok ? '' : parsed.faults.map(formatFault).join('\n')
}

it.each([
  ['', 'healthy'],
  ['  quick: {metric: live.latency.p99, atMost: 50ms}\n', 'quick, healthy'],
  [
    '  right: {metric: live.accuracy, against: champion, atLeast: -0.02, confidence: 0.95, minExamples: 200}\n',
    'right',
  ],
  ['  each: {metric: live.recall, each: Class, atLeast: 0.8}\n', 'each'],
  ['  healthy: {metric: live.errorRate, atMost: 0.01}\n', 'healthy'],
])('takes gates that can be measured live: %s', (gates, names) => {
  expect(gateFaults(gates, names)).toBe('')
})

it.each([
  ['', 'good', /^p\.yaml:5:\d+: .*good is judged before anything serves; a step is watched by gates on live metrics$/],
  ['', 'helthy', /unknown gate helthy, did you mean healthy\?$/],
  ['  healthy: {check: "true"}\n', 'healthy', /healthy is judged before anything serves/],
  [
    '  idle: {metric: live.errorRate, atMost: 0.1}\n',
    'healthy',
    /^p\.yaml:5:3: gates\.idle: idle asks a live metric, and no step of a rollout names it$/,
  ],
  [
    '  q: {metric: live.latencyp99, atMost: 50ms}\n',
    'q',
    /unknown metric live\.latencyp99, did you mean live\.latency\.p99\?/,
  ],
  ['  q: {metric: live.model.size, atMost: 5MB}\n', 'q', /unknown metric live\.model\.size/],
  ['  q: {metric: live.errorRate, atLeast: 0.5}\n', 'q', /lower live\.errorRate is better: expected atMost/],
  ['  q: {metric: live.errorRate, atMost: 5}\n', 'q', /expected a number from 0 to 1/],
  ['  q: {metric: live.errorRate, atMost: 0.5, slices: region}\n', 'q', /measured live, and not by parts/],
  ['  q: {metric: live.errorRate, atMost: 0.5, against: baseline}\n', 'q', /expected champion, which serves beside it/],
  ['  q: {metric: live.errorRate, atMost: 0.5, against: m@old}\n', 'q', /expected champion, which serves beside it/],
  [
    '  q: {metric: live.latency.p50, atMost: 5ms, confidence: 0.9}\n',
    'q',
    /nothing tells how sure live\.latency\.p50 is/,
  ],
  ['  q: {metric: live.requests, atLeast: 5, against: champion}\n', 'q', /the traffic decides how many/],
  ['  q: {metric: live.recall, atLeast: 0.5}\n', 'q', /live\.recall is had for each class: add each/],
])('refuses %s in a step with [%s]', (gates, names, message) => {
  expect(gateFaults(gates, names)).toMatch(message)
})

it.each([
  ['[]', /^p\.yaml:6:14: .*expected at least one entry/],
  [
    '[{traffic: 10, hold: 1m}]',
    /^p\.yaml:6:25: environments\.prod\.rollout\[0\]\.traffic: expected 100, since it is the last step, got 10$/,
  ],
  [
    '[{traffic: 50, hold: 1m}, {traffic: 50, hold: 1m}, {traffic: 100}]',
    /^p\.yaml:6:50: .*\.traffic: expected more than the 50 % of the step before, got 50$/,
  ],
  ['[{traffic: 50, hold: 1m}, {traffic: 20, hold: 1m}, {traffic: 100}]', /expected more than the 50 %/],
  ['[{traffic: 0, hold: 1m}, {traffic: 100}]', /^p\.yaml:6:25: /],
  ['[{traffic: 101}]', /^p\.yaml:6:25: /],
  ['[{traffic: 10.5, hold: 1m}, {traffic: 100}]', /^p\.yaml:6:25: /],
  ['[{traffic: "10%", hold: 1m}, {traffic: 100}]', /^p\.yaml:6:25: /],
  ['[{traffic: 10}, {traffic: 100}]', /^p\.yaml:6:15: .*missing, expected hold: how long the candidate has 10 %/],
  ['[{traffic: 10, hold: 999ms}, {traffic: 100}]', /^p\.yaml:6:35: .*expected from 1\.0 s to 30 days, got 999ms$/],
  ['[{traffic: 10, hold: 721h}, {traffic: 100}]', /to 30 days, got 721h$/],
  ['[{traffic: 10, hold: soon}, {traffic: 100}]', /expected a duration such as 30m, 1h30m or 7d, got "soon"/],
  [
    '[{traffic: 10, hold: 2h, longest: 1h}, {traffic: 100}]',
    /^p\.yaml:6:48: .*expected at least the hold of 2h, got 1h$/,
  ],
  [
    '[{traffic: 100, longest: 1h}]',
    /^p\.yaml:6:30: .*longest: needs hold: a step that goes on at once is not watched$/,
  ],
  ['[{traffic: 100, gates: [healthy]}]', /gates: needs hold/],
  ['[{traffic: 10, hold: 1m, inconclusive: pass}, {traffic: 100}]', /inconclusive/],
  ['[{trafic: 10, hold: 1m}, {traffic: 100}]', /trafic: unknown key, did you mean traffic\?/],
])('refuses %s with its place', (rollout, message) => {
  expect(faultsOf(rollout).join('\n')).toMatch(message)
})
