import fc from 'fast-check'
import { expect, it } from 'vitest'
import { beginRollout, courseOf, type Rollout, type RolloutStep, splitWith, waitsForPerson } from './rollout.ts'
import type { Outcome } from './verdict.ts'

const step = (over: Partial<RolloutStep> = {}): RolloutStep => ({
  traffic: 10,
  hold: 60_000,
  longest: 120_000,
  gates: ['healthy'],
  inconclusive: 'person',
  ...over,
})
const all = step({ traffic: 100, hold: 0, longest: 0, gates: [] })

it.each([
  [10, { old: 100 }, { new: 10, old: 90 }],
  [100, { old: 100 }, { new: 100 }],
  [50, { a: 30, b: 70 }, { new: 50, a: 15, b: 35 }],
  // Halves: the larger remainder, then the first id, gets the percent that is left.
  [1, { a: 50, b: 50 }, { new: 1, a: 50, b: 49 }],
  [99, { a: 50, b: 50 }, { new: 99, a: 1 }],
  [10, {}, { new: 100 }],
  [20, { new: 40, old: 60 }, { new: 20, old: 80 }],
])('at %i %% beside %j the split is %j', (percent, others, split) => {
  expect(splitWith('new', percent, others)).toEqual(split)
})

it('names a split of whole percents that sums to 100, with the share that the step allows', () => {
  const shares = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 0, max: 100 }))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), shares, (percent, others) => {
      const split = splitWith('new', percent, others)
      const given = Object.values(split)
      expect(given.reduce((sum, share) => sum + share, 0)).toBe(100)
      expect(given.every((share) => Number.isInteger(share) && share > 0)).toBe(true)
      const somebodyServes = Object.values(others).some((share) => share > 0)
      expect(split['new']).toBe(somebodyServes ? percent : 100)
      // Nobody gets traffic who had none, and each is within a percent of its part.
      const total = Object.values(others).reduce((sum, share) => sum + share, 0)
      for (const [id, share] of Object.entries(split))
        if (id !== 'new') expect(Math.abs(share - ((others[id] ?? 0) / total) * (100 - percent))).toBeLessThan(1)
    }),
  )
})

it('gives the first model of an endpoint the last step, as there is nobody to share with', () => {
  const steps = [step(), step({ traffic: 50 }), all]
  expect([beginRollout(steps, true).step, beginRollout(steps, false).step]).toEqual([2, 0])
})

const since = 1_000_000
const held = (over: Partial<RolloutStep> = {}, rollout: Partial<Rollout> = {}): Rollout => ({
  ...beginRollout([step(over), all], false),
  since,
  ...rollout,
})

it.each<[string, Rollout, Outcome, number, string, RegExp | number]>([
  ['a breach at once', held(), 'fail', 1, 'rollBack', /^at 10 % of the traffic it was why$/],
  ['a breach while it waits for a person', held(), 'fail', 500_000, 'rollBack', /why/],
  ['a good candidate, before the end', held(), 'pass', 59_999, 'wait', since + 60_000],
  ['a good one at the end', held(), 'pass', 60_000, 'goOn', /^$/],
  ['one that little is known of, before the end', held(), 'inconclusive', 30_000, 'wait', since + 36_000],
  ['one that little is known of, at the end', held(), 'inconclusive', 60_000, 'wait', since + 66_000],
  ['the same just before the longest', held(), 'inconclusive', 119_999, 'wait', since + 120_000],
  ['the same at the longest', held(), 'inconclusive', 120_000, 'wait', /waits for a person: why$/],
  [
    'the same where the policy rolls back',
    held({ inconclusive: 'rollBack' }),
    'inconclusive',
    120_000,
    'rollBack',
    /^after 2m 0s at 10 %, why$/,
  ],
  ['one that becomes known while it waits', held(), 'pass', 500_000, 'goOn', /^$/],
  ['one that somebody sent on', held({}, { sentOn: 'olga' }), 'inconclusive', 120_000, 'goOn', /^$/],
  ['one that somebody sent on, before the end', held({}, { sentOn: 'olga' }), 'inconclusive', 1, 'wait', since + 6_001],
  ['one that somebody sent on, and that breaches', held({}, { sentOn: 'olga' }), 'fail', 120_000, 'rollBack', /why/],
])('%s is taken as it should', (_name, rollout, outcome, after, kind, more) => {
  const course = courseOf(rollout, { outcome, reason: 'why' }, since + after)
  expect(course.kind).toBe(kind)
  if (typeof more === 'number') expect(course).toMatchObject({ until: more })
  else expect('reason' in course ? course.reason : '').toMatch(more)
})

it('waits for a person from the longest hold on, while too little is known and nobody spoke', () => {
  const seen = { at: 0, step: 0, outcome: 'inconclusive', reason: '', gates: [], metrics: {} } as const
  expect(waitsForPerson(held({}, { seen }), since + 119_999)).toBe(false)
  expect(waitsForPerson(held({}, { seen }), since + 120_000)).toBe(true)
  expect(waitsForPerson(held({}, { seen, sentOn: 'olga' }), since + 120_000)).toBe(false)
  expect(waitsForPerson(held({}, { seen: { ...seen, outcome: 'pass' } }), since + 120_000)).toBe(false)
})
