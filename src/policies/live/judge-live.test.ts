import { describe, expect, it } from 'vitest'
import type { LiveRequest } from '../../domain/ports/request-log.ts'
import type { MetricGate } from '../language/policy.ts'
import { createRandom } from '../statistics/random.ts'
import { judgeLive } from './judge-live.ts'
import { healthy, liveGatesOf } from './live-gates.ts'
import { type LiveModel, liveModelOf } from './live-model.ts'
import { lookLevel } from './look-level.ts'

const chance = { seed: 1, resamples: 500 }
const whole = { meets: 1, misses: 1 }

const gate = (metric: string, over: Partial<MetricGate> = {}): MetricGate => ({
  kind: 'metric',
  name: 'g',
  advisory: false,
  metric,
  atLeast: null,
  atMost: null,
  each: null,
  against: null,
  change: 'absolute',
  confidence: null,
  slices: [],
  minExamples: 50,
  ...over,
})
const againstChampion = { against: { kind: 'champion' } } as const

interface Shape {
  readonly requests: number
  readonly errors?: number
  readonly latency?: number
  /** How often each class is decided, and of these how often it is true; the rest is `other`. */
  readonly decided?: Readonly<Record<string, readonly [count: number, right: number]>>
}

const model = ({ requests, errors = 0, latency = 10, decided }: Shape): LiveModel => {
  const labels = new Map<string, readonly string[]>()
  const answers = Object.entries(decided ?? {}).flatMap(([name, [count, right]]) =>
    Array.from({ length: count }, (_, i) => ({ name, truth: i < right ? name : 'other' })),
  )
  const logged = Array.from({ length: requests }, (_, i): LiveRequest => {
    const answer = answers[i]
    if (answer !== undefined) labels.set(String(i), [answer.truth])
    const ok = i < requests - errors
    return {
      id: String(i),
      at: i,
      deployedModel: 'one',
      ok,
      latency: latency + (i % 10) / 10,
      predictions: ok && answer !== undefined ? [{ classes: [answer.name, 'rest'], scores: [0.9, 0.1] }] : null,
    }
  })
  return liveModelOf(logged, labels)
}
const outcomeOf = (asked: MetricGate, candidate: Shape, champion: Shape | null = null, level = whole) => {
  const judged = { candidate: model(candidate), champion: champion === null ? null : model(champion) }
  const { gates } = judgeLive([asked], judged, level, chance)
  return [gates[0]?.outcome, gates[0]?.reason] as const
}

describe('a live gate', () => {
  const errors = gate('live.errorRate', { atMost: 0.05 })
  const sure = gate('live.errorRate', { atMost: 0.05, confidence: 0.95 })
  const compared = gate('live.errorRate', { atMost: 0.05, confidence: 0.95, ...againstChampion })
  it.each<[string, MetricGate, Shape, Shape | null, string, RegExp]>([
    ['no traffic at all', errors, { requests: 0 }, null, 'inconclusive', /known of 0 requests only, of 50/],
    ['one request too few', errors, { requests: 49 }, null, 'inconclusive', /known of 49 requests only/],
    ['the least requests', errors, { requests: 50 }, null, 'pass', /live\.errorRate is 0\.000/],
    ['errors at the limit', errors, { requests: 100, errors: 5 }, null, 'pass', /exactly the 0\.05/],
    ['errors beyond it', errors, { requests: 100, errors: 6 }, null, 'fail', /0\.010 above the 0\.05 that is allowed/],
    ['errors that prove nothing', sure, { requests: 60, errors: 2 }, null, 'inconclusive', /Wilson/],
    ['enough without an error', sure, { requests: 60 }, null, 'pass', /Wilson/],
    ['too many errors for chance', sure, { requests: 60, errors: 12 }, null, 'fail', /Wilson/],
    ['nobody beside it', compared, { requests: 60 }, null, 'skipped', /nothing served beside it/],
    ['a champion without requests', compared, { requests: 60 }, { requests: 0 }, 'inconclusive', /given 0 requests/],
    ['as good as the champion', compared, { requests: 100 }, { requests: 900 }, 'pass', /Agresti–Caffo/],
    // Whatever breaks both is not the candidate's fault.
    [
      'as bad as the champion',
      compared,
      { requests: 2_000, errors: 600 },
      { requests: 9_000, errors: 2_700 },
      'pass',
      /changes by \+0\.000/,
    ],
    [
      'worse than the champion',
      compared,
      { requests: 100, errors: 30 },
      { requests: 900, errors: 9 },
      'fail',
      /changes by \+0\.290/,
    ],
    [
      'too few requests asked for',
      gate('live.requests', { atLeast: 100 }),
      { requests: 99 },
      null,
      'inconclusive',
      /99/,
    ],
    ['as many as asked for', gate('live.requests', { atLeast: 100 }), { requests: 100 }, null, 'pass', /100/],
    [
      'slow answers',
      gate('live.latency.p99', { atMost: 50 }),
      { requests: 60, latency: 60 },
      null,
      'fail',
      /60\.900 ms, 10\.900 ms above the 50 ms/,
    ],
    [
      'twice as slow as the champion, where half as much again is allowed',
      gate('live.latency.p50', { atMost: 0.5, change: 'relative', ...againstChampion }),
      { requests: 60, latency: 20 },
      { requests: 60, latency: 10 },
      'fail',
      /of champion/,
    ],
    [
      'nothing answered',
      gate('live.latency.p50', { atMost: 5 }),
      { requests: 60, errors: 60 },
      null,
      'inconclusive',
      /nothing was answered/,
    ],
  ])('with %s', (_name, asked, candidate, champion, outcome, reason) => {
    const [got, why] = outcomeOf(asked, candidate, champion)
    expect(got).toBe(outcome)
    expect(why).toMatch(reason)
  })

  const always = (name: string, right: number): Shape => ({ requests: 100, decided: { [name]: [100, right] } })
  it.each<[string, MetricGate, Shape, Shape | null, string, RegExp]>([
    [
      'other answers',
      gate('live.predictionShift', { atMost: 0.2 }),
      always('a', 9),
      always('b', 9),
      'fail',
      /is 1\.000/,
    ],
    [
      'the same answers',
      gate('live.predictionShift', { atMost: 0.2 }),
      always('a', 9),
      always('a', 0),
      'pass',
      /0\.000/,
    ],
    [
      'no labels',
      gate('live.accuracy', { atLeast: 0.9 }),
      { requests: 100 },
      null,
      'inconclusive',
      /labels of 0 answers/,
    ],
    ['labels that speak for it', gate('live.accuracy', { atLeast: 0.9 }), always('a', 95), null, 'pass', /0\.950/],
    ['labels that speak against it', gate('live.accuracy', { atLeast: 0.9 }), always('a', 80), null, 'fail', /0\.800/],
    [
      'a class that is never right',
      gate('live.precision', { atLeast: 0.5, each: 'Class' }),
      { requests: 200, decided: { a: [100, 95], b: [100, 0] } },
      null,
      'fail',
      /live\.precision of other is 0\.000/,
    ],
    [
      'fewer right than the champion, on other requests',
      gate('live.accuracy', { atLeast: -0.05, confidence: 0.95, ...againstChampion }),
      always('a', 60),
      always('a', 95),
      'fail',
      /changes by -0\.350 .*bootstrap of each/,
    ],
    [
      'no labels of the champion',
      gate('live.accuracy', { atLeast: -0.05, ...againstChampion }),
      always('a', 60),
      { requests: 100 },
      'inconclusive',
      /labels of 0 answers of the champion/,
    ],
  ])('on answers, with %s', (_name, asked, candidate, champion, outcome, reason) => {
    const [got, why] = outcomeOf(asked, candidate, champion)
    expect([got, why]).toEqual([outcome, expect.stringMatching(reason)])
  })
})

it.each([
  ['accuracy', 'live.accuracy', null],
  ['macroF1', 'live.macroF1', null],
  ['the recall of each class', 'live.recall', 'Class'],
])('however often it was looked at, a candidate that is always wrong is refused by %s', (_name, metric, each) => {
  // What a bootstrap of 500 can show would be used up after twenty looks.
  const asked = gate(metric, { atLeast: -0.05, confidence: 0.95, each, ...againstChampion })
  const champion = { requests: 900, decided: { a: [300, 290], b: [300, 290], other: [300, 290] } } as const
  const wrong = { requests: 300, decided: { a: [150, 0], b: [150, 0] } } as const
  expect(outcomeOf(asked, wrong, champion, lookLevel(200, 150, true))).toEqual([
    'fail',
    expect.stringMatching(/normal beyond its resamples/),
  ])
})

it('and one that is as good as the champion passes, however often it was looked at', () => {
  const asked = gate('live.macroF1', { atLeast: -0.05, confidence: 0.95, ...againstChampion })
  const champion = { requests: 900, decided: { a: [300, 290], b: [300, 290], other: [300, 290] } } as const
  const right = { requests: 3_000, decided: { a: [1_000, 990], b: [1_000, 990], other: [1_000, 990] } } as const
  expect(outcomeOf(asked, right, champion, lookLevel(200, 150, true))[0]).toBe('pass')
})

describe('where only answers are logged', () => {
  // As Vertex AI logs to BigQuery: no errors, no latencies.
  const answers = (right: number): LiveModel => ({
    ...model({ requests: 100, decided: { a: [100, right] } }),
    errors: null,
    latencies: new Float64Array(),
  })
  it.each<[string, MetricGate, string, RegExp]>([
    [
      'errors are not told',
      gate('live.errorRate', { atMost: 0.05, confidence: 0.95, ...againstChampion }),
      'inconclusive',
      /live\.errorRate cannot be told: where it serves, only requests that were answered are logged/,
    ],
    [
      'latencies are not told',
      gate('live.latency.p99', { atMost: 50 }),
      'inconclusive',
      /live\.latency\.p99 cannot be told: it is not logged where it serves/,
    ],
    ['answers are', gate('live.predictionShift', { atMost: 0.1 }), 'pass', /0\.000/],
    ['labelled answers are', gate('live.accuracy', { atLeast: -0.02, ...againstChampion }), 'fail', /-0\.200/],
  ])('%s', (_name, asked, outcome, reason) => {
    const { gates } = judgeLive([asked], { candidate: answers(70), champion: answers(90) }, whole, chance)
    expect([gates[0]?.outcome, gates[0]?.reason]).toEqual([outcome, expect.stringMatching(reason)])
  })
})

it('`healthy` compares with the champion where there is one, and the policy may have its own', () => {
  expect(liveGatesOf({ gates: [] }, [healthy], true)[0]?.against).toEqual({ kind: 'champion' })
  expect(liveGatesOf({ gates: [] }, [healthy], false)[0]?.against).toBeNull()
  const own = gate('live.errorRate', { name: healthy, atMost: 0.5 })
  expect(liveGatesOf({ gates: [own] }, [healthy], true)).toEqual([own])
})

it('all looks together use up no more of the chance of error than one would', () => {
  let [misses, meets] = [0, 0]
  for (let look = 1; look <= 10_000; look++) {
    misses += lookLevel(look, look, true).misses
    meets += lookLevel(look, look, true).meets
  }
  expect(misses).toBeLessThanOrEqual(1)
  expect(meets).toBeLessThanOrEqual(1)
  expect(lookLevel(7, 1, false).meets).toBe(1)
})

it('a candidate that errs as often as it may is rarely rolled back, however often it is looked at', () => {
  // At the limit itself; each look sees all requests so far. 5 % are allowed to be stopped.
  const random = createRandom(7)
  const asked = gate('live.errorRate', { atMost: 0.05, confidence: 0.95 })
  const empty = { latencies: new Float64Array(), decided: null, labelled: null }
  const rollouts = 400
  let stopped = 0
  for (let rollout = 0; rollout < rollouts; rollout++) {
    let [requests, errors] = [0, 0]
    for (let look = 1; look <= 30; look++) {
      for (let i = 0; i < 40; i++) {
        requests += 1
        if (random.uniform() < 0.05) errors += 1
      }
      const judged = { candidate: { requests, errors, ...empty }, champion: null }
      if (judgeLive([asked], judged, lookLevel(look, 1, false), chance).outcome !== 'fail') continue
      stopped += 1
      break
    }
  }
  expect(stopped / rollouts).toBeLessThan(0.07)
})
