import { isLive } from '../language/metrics.ts'
import type { Gate, MetricGate, Policy } from '../language/policy.ts'

/** The gate that is there without being written: no more requests fail than with the champion, in proportion. */
export const healthy = 'healthy'

/** With fewer requests a live gate says nothing, unless it says otherwise itself. */
export const fewestRequests = 50

export const isLiveGate = (gate: Gate): gate is MetricGate => gate.kind === 'metric' && isLive(gate.metric)

/** The gates that a step names; `healthy` is Winnow's own unless the policy has one of that name. */
export const liveGatesOf = (
  { gates }: Pick<Policy, 'gates'>,
  names: readonly string[],
  hasChampion: boolean,
): readonly MetricGate[] => {
  const written = gates.filter(isLiveGate)
  return names.flatMap((name) => {
    const own = written.find((gate) => gate.name === name)
    return own === undefined ? (name === healthy ? [healthyGate(hasChampion)] : []) : [own]
  })
}

const healthyGate = (hasChampion: boolean): MetricGate => ({
  kind: 'metric',
  name: healthy,
  advisory: false,
  metric: 'live.errorRate',
  atLeast: null,
  atMost: 0.05,
  each: null,
  against: hasChampion ? { kind: 'champion' } : null,
  change: 'absolute',
  confidence: 0.95,
  slices: [],
  minExamples: fewestRequests,
})
