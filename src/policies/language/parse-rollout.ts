import { didYouMean } from '../../declarations/describe-issue.ts'
import type { Place } from '../../declarations/load-yaml.ts'
import type { PlacedFault } from '../../declarations/placed-fault.ts'
import { allAtOnce, type RolloutStep } from '../../domain/rollout.ts'
import { type Duration, formatDuration, parseDuration } from '../../domain/time.ts'
import { healthy, isLiveGate } from '../live/live-gates.ts'
import type { Gate } from './policy.ts'
import type { StepEntry } from './policy-schema.ts'

/** A hold is looked at a few times at least, and must end while somebody still remembers it. */
const shortestHold: Duration = 1_000
const longestHold: Duration = 30 * 86_400_000

/** Why the gates of a policy and those that its rollouts name do not fit each other, each at its place. */
export const rolloutGateFaults = (
  environments: Readonly<Record<string, { readonly rollout?: readonly StepEntry[] | undefined }>>,
  gates: readonly Gate[],
  place: Place,
): readonly PlacedFault[] => {
  const named = Object.entries(environments).flatMap(([environment, { rollout = [] }]) =>
    rollout.flatMap((step, i) =>
      step.gates.map((gate, j) => ({ gate, path: ['environments', environment, 'rollout', i, 'gates', j] })),
    ),
  )
  const live = gates.filter(isLiveGate).map(({ name }) => name)
  const wrong = named.flatMap(({ gate, path }) => {
    if (live.includes(gate) || (gate === healthy && !gates.some(({ name }) => name === healthy))) return []
    if (gates.some(({ name }) => name === gate))
      return [place(path, `${gate} is judged before anything serves; a step is watched by gates on live metrics`)]
    return [place(path, `unknown gate ${gate}${didYouMean(gate, [...live, healthy])}`)]
  })
  const asked = new Set(named.map(({ gate }) => gate))
  const idle = live
    .filter((name) => !asked.has(name))
    .map((name) => place(['gates', name], `${name} asks a live metric, and no step of a rollout names it`, 'key'))
  return [...wrong, ...idle]
}

/** The steps of an environment's rollout as they are written → the steps; what is wrong is complained of at its place. */
export const parseRollout = (
  environment: string,
  written: readonly StepEntry[] | undefined,
  place: Place,
  faults: PlacedFault[],
): readonly RolloutStep[] => {
  if (written === undefined) return allAtOnce
  const path = ['environments', environment, 'rollout']
  const last = written.length - 1
  return written.map((entry, i) => {
    const complain = (key: string | null, message: string, at: 'key' | 'value' = 'value') =>
      faults.push(place(key === null ? [...path, i] : [...path, i, key], message, at))
    const before = written[i - 1]?.traffic ?? 0
    if (entry.traffic <= before)
      complain('traffic', `expected more than the ${before} % of the step before, got ${entry.traffic}`)
    if (i === last && entry.traffic !== 100)
      complain('traffic', `expected 100, since it is the last step, got ${entry.traffic}`)
    if (i < last && entry.hold === undefined)
      complain(null, `missing, expected hold: how long the candidate has ${entry.traffic} % of the traffic`)
    return holdOf(entry, complain)
  })
}

type Complain = (key: string, message: string, at?: 'key' | 'value') => void

const holdOf = (entry: StepEntry, complain: Complain): RolloutStep => {
  const { traffic, gates, inconclusive = 'person' } = entry
  const hold = boundedHold('hold', entry.hold, complain)
  const longest = boundedHold('longest', entry.longest, complain)
  if (entry.hold === undefined)
    for (const key of ['longest', 'gates', 'inconclusive'] as const)
      if (key === 'gates' ? gates.length > 0 : entry[key] !== undefined)
        complain(key, 'needs hold: a step that goes on at once is not watched', 'key')
  if (entry.hold !== undefined && entry.longest !== undefined && longest < hold)
    complain('longest', `expected at least the hold of ${entry.hold}, got ${entry.longest}`)
  return { traffic, hold, longest: Math.max(hold, longest), gates, inconclusive }
}

const boundedHold = (key: 'hold' | 'longest', text: string | undefined, complain: Complain): Duration => {
  const lasts = text === undefined ? undefined : parseDuration(text)
  if (lasts === undefined) return 0
  if (lasts < shortestHold || lasts > longestHold)
    complain(key, `expected from ${formatDuration(shortestHold)} to 30 days, got ${text}`)
  return lasts
}
