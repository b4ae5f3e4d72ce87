import { expect, it } from 'vitest'
import type { RetrainRules } from '../language/policy.ts'
import { decideRetrain, type RetrainFacts } from './decide-retrain.ts'

const hour = 3_600_000
const rules = (over: Partial<RetrainRules> = {}): RetrainRules => ({
  ...{ attempts: 2, cooldown: 0, parameters: {}, budget: null, brake: null },
  ...over,
})
const decide = (over: Partial<RetrainRules>, facts: Partial<RetrainFacts> = {}) =>
  decideRetrain(
    { retrain: rules(over), gates: [] },
    {
      ...{ attempt: 1, parameters: {}, metrics: {}, before: null, endedAt: 0, granted: [], now: 10 * hour },
      ...facts,
    },
  )
const brake = (metric: string, improvesBy: number) => ({ attempts: 9, brake: { metric, improvesBy } })
const from = (metric: string, before: number, now: number) => ({
  attempt: 2,
  metrics: { [metric]: now },
  before: { [metric]: before },
})

it.each<[string, Partial<RetrainRules>, Partial<RetrainFacts>, RegExp | null]>([
  ['the last attempt that is allowed', { attempts: 2 }, { attempt: 2 }, null],
  ['one more', { attempts: 2 }, { attempt: 3 }, /^it was trained again 2 times, as often as the policy allows$/],
  ['a first run under a brake', brake('macroF1', 0.1), { metrics: { macroF1: 0.5 } }, null],
  ['exactly the gain that is asked', brake('macroF1', 0.25), from('macroF1', 0.5, 0.75), null],
  [
    'a bit less',
    brake('macroF1', 0.25),
    from('macroF1', 0.5, 0.74),
    /^retraining no longer improves: macroF1 went from/,
  ],
  ['no gain where any is asked', brake('macroF1', 0), from('macroF1', 0.5, 0.5), /, better is asked$/],
  ['a loss that fell', brake('logLoss', 0.1), from('logLoss', 0.5, 0.3), null],
  ['a loss that rose', brake('logLoss', 0.1), from('logLoss', 0.3, 0.5), /^retraining no longer improves: logLoss/],
  [
    'a number that is not known now',
    brake('macroF1', 0),
    { attempt: 2, before: { macroF1: 0.5 } },
    /not known of this attempt/,
  ],
  [
    'a number that was not known before',
    brake('macroF1', 0),
    { attempt: 2, before: {}, metrics: { macroF1: 0.5 } },
    /not known of the attempt before/,
  ],
  ['a budget that has one left', { budget: { runs: 2, per: hour } }, { granted: [9.5 * hour, 8 * hour] }, null],
  [
    'a budget that is spent',
    { budget: { runs: 2, per: hour } },
    { granted: [9.9 * hour, 9.5 * hour] },
    /^the budget of 2 retrained runs in 60m 0s is spent until 1970-01-01T10:30:00\.000Z$|^the budget of 2 retrained runs in 1h 0m is spent until 1970-01-01T10:30:00\.000Z$/,
  ],
  ['a budget whose first run has just left it', { budget: { runs: 1, per: hour } }, { granted: [9 * hour] }, null],
])('%s', (_name, over, facts, reason) => {
  const decided = decide(over, facts)
  if (reason === null) expect(decided.kind).toBe('retrain')
  else expect(decided).toEqual({ kind: 'stopped', reason: expect.stringMatching(reason) })
})

it('begins once the cooldown since the refused run is over, and now where it is over already', () => {
  expect(decide({ cooldown: 2 * hour }, { endedAt: 9 * hour })).toMatchObject({ at: 11 * hour })
  expect(decide({ cooldown: 2 * hour }, { endedAt: 7 * hour })).toMatchObject({ at: 10 * hour })
})

it('keeps the parameters that nobody changes, sets what has a value, reckons what has an expression', () => {
  const parameters = {
    seed: { kind: 'value', value: 7 },
    budget: { kind: 'expression', expression: 'previous < 4000 ? previous * 2 : previous' },
  } as const
  const before = { target: 'Class', seed: 1, budget: 1_000 }
  expect(decide({ parameters }, { parameters: before })).toMatchObject({
    parameters: { target: 'Class', seed: 7, budget: 2_000 },
  })
  expect(decide({ parameters }, { parameters: { ...before, budget: 4_000 } })).toMatchObject({
    parameters: { budget: 4_000 },
  })
  expect(decide({ parameters }, { parameters: { ...before, budget: 'many' } })).toMatchObject({ kind: 'stopped' })
})
