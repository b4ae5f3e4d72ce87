import { type Duration, formatDuration, type Time } from './time.ts'
import type { GateVerdict, Outcome } from './verdict.ts'

/** A step of a rollout: so much of the traffic, for so long, watched by these gates. */
export interface RolloutStep {
  /** Percent, 1 to 100. */
  readonly traffic: number
  /** 0: it goes on at once. */
  readonly hold: Duration
  /** Where too little is known at the end of the hold, it is held on until so long after its beginning; at least `hold`. */
  readonly longest: Duration
  /** Names of gates on live metrics: all are judged by what is measured during the hold. */
  readonly gates: readonly string[]
  /** What follows where too little is known even then. */
  readonly inconclusive: 'person' | 'rollBack'
}

/** How far a release has come on its way to all traffic. */
export interface Rollout {
  /** As the policy had them when it began; the last one has all traffic. */
  readonly steps: readonly RolloutStep[]
  /** Index of the step under way. */
  readonly step: number
  /** Since when the step's traffic is what it should be; null until it is. */
  readonly since: Time | null
  /** How often it was looked at in this step with more evidence than before, enough of it to prove something. */
  readonly looks: number
  /** Of these, how often after the end of the hold. */
  readonly lateLooks: number
  /** How much evidence there was at the last of these, number by number; absent before the first. */
  readonly known?: readonly number[]
  /** Who sent it on, though too little was known. */
  readonly sentOn: string | null
  /** What the last look with gates saw. */
  readonly seen: LiveVerdict | null
}

/** What gates said of a candidate by what it did while it served. */
export interface LiveVerdict {
  readonly at: Time
  readonly step: number
  readonly outcome: Outcome
  readonly reason: string
  readonly gates: readonly GateVerdict[]
  /** What was measured of the candidate in this step, by the names without `live.`. */
  readonly metrics: Readonly<Record<string, number>>
}

export const allAtOnce: readonly RolloutStep[] = [
  { traffic: 100, hold: 0, longest: 0, gates: [], inconclusive: 'person' },
]

/** Before the first step; where nothing serves, there is nobody to share with, and only the last step is left. */
export const beginRollout = (steps: readonly RolloutStep[], isFirstModel: boolean): Rollout => ({
  steps,
  ...atStep(isFirstModel ? steps.length - 1 : 0),
})

export const nextStepOf = (rollout: Rollout): Rollout | undefined =>
  rollout.step + 1 < rollout.steps.length ? { ...rollout, ...atStep(rollout.step + 1), seen: rollout.seen } : undefined

const atStep = (step: number): Omit<Rollout, 'steps'> => ({
  step,
  since: null,
  looks: 0,
  lateLooks: 0,
  sentOn: null,
  seen: null,
})

export const stepOf = ({ steps, step }: Rollout): RolloutStep => steps[step] as RolloutStep

/**
 * The whole split while the candidate has `percent`: the others share the rest as they shared all of it before, in whole
 * percents (largest remainders first, then by id) that sum to 100 with the candidate's.
 */
export const splitWith = (
  candidate: string,
  percent: number,
  others: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> => {
  const before = Object.entries(others).filter(([id, share]) => id !== candidate && share > 0)
  const total = before.reduce((sum, [, share]) => sum + share, 0)
  if (total === 0) return { [candidate]: 100 }
  const rest = 100 - percent
  const shares = before
    .map(([id, share]) => ({ id, whole: Math.floor((share * rest) / total), left: (share * rest) % total }))
    .sort((a, b) => b.left - a.left || (a.id < b.id ? -1 : 1))
  const missing = rest - shares.reduce((sum, { whole }) => sum + whole, 0)
  const split = shares.map(({ id, whole }, i): [string, number] => [id, i < missing ? whole + 1 : whole])
  return Object.fromEntries([[candidate, percent] as const, ...split].filter(([, share]) => share > 0))
}

/** What a look at a held step leads to. */
export type Course =
  | { readonly kind: 'goOn' }
  | { readonly kind: 'wait'; readonly reason: string; readonly until: Time }
  | { readonly kind: 'rollBack'; readonly reason: string }

/** How often a step is looked at: a tenth of its hold, within these. */
const [soonest, latest]: readonly [Duration, Duration] = [1_000, 60_000]

const pauseBetweenLooks = ({ hold }: RolloutStep): Duration => Math.min(latest, Math.max(soonest, hold / 10))

/** A breach ends it at once; else the hold lasts to its end, and longer while too little is known, up to its limit. */
export const courseOf = (
  rollout: Rollout,
  look: { readonly outcome: Outcome; readonly reason: string },
  at: Time,
): Course => {
  const step = stepOf(rollout)
  const since = rollout.since ?? at
  if (look.outcome === 'fail')
    return { kind: 'rollBack', reason: `at ${step.traffic} % of the traffic it was ${look.reason}` }
  if (at < since + step.hold) {
    const until = Math.min(at + pauseBetweenLooks(step), since + step.hold)
    return { kind: 'wait', reason: `${nameOfStep(rollout)} for ${formatDuration(step.hold)}`, until }
  }
  if (look.outcome === 'pass' || rollout.sentOn !== null) return { kind: 'goOn' }
  const again = at + pauseBetweenLooks(step)
  if (at < since + step.longest) {
    const reason = `${nameOfStep(rollout)}, held on up to ${formatDuration(step.longest)}: ${look.reason}`
    return { kind: 'wait', reason, until: Math.min(again, since + step.longest) }
  }
  if (step.inconclusive === 'rollBack')
    return { kind: 'rollBack', reason: `after ${formatDuration(step.longest)} at ${step.traffic} %, ${look.reason}` }
  return { kind: 'wait', reason: `${nameOfStep(rollout)}, waits for a person: ${look.reason}`, until: again }
}

/** Whether only a person, or more evidence, moves it on. */
export const waitsForPerson = (rollout: Rollout, at: Time): boolean =>
  rollout.since !== null &&
  rollout.sentOn === null &&
  rollout.seen?.step === rollout.step &&
  rollout.seen.outcome === 'inconclusive' &&
  at >= rollout.since + stepOf(rollout).longest

/** `step 1 of 2: 10 % of the traffic` */
export const nameOfStep = (rollout: Rollout): string =>
  `step ${rollout.step + 1} of ${rollout.steps.length}: ${stepOf(rollout).traffic} % of the traffic`
