import type { RolloutStep } from '../../domain/rollout.ts'
import type { Receipt } from '../../domain/verdict.ts'
import { findMetric } from '../language/metrics.ts'
import type { Gate, MetricGate, Policy } from '../language/policy.ts'
import { fewestRequests } from './live-gates.ts'

/** Whether a canary may have traffic by these steps: a part of it, for a while. */
export const takesCanary = ([first]: readonly RolloutStep[]): boolean =>
  first !== undefined && first.traffic < 100 && first.hold > 0

/** The steps of a canary: what is still unclear at the end of the first one is taken back, not left to somebody. */
export const canarySteps = (steps: readonly RolloutStep[]): readonly RolloutStep[] =>
  steps.map((step, i) => (i === 0 ? { ...step, inconclusive: 'rollBack' } : step))

export type CanaryGates =
  | { readonly ok: true; readonly gates: readonly MetricGate[] }
  | { readonly ok: false; readonly reason: string }

/**
 * The unclear gates of a verdict as a canary asks them again: the same metric with the same limits and confidence, of
 * requests whose labels become known. A gate that live answers cannot decide, or one that fails, leaves no canary.
 */
export const canaryGates = ({ gates }: Pick<Policy, 'gates'>, receipt: Pick<Receipt, 'gates'>): CanaryGates => {
  const held = receipt.gates.filter(({ advisory }) => !advisory)
  const failed = held.find(({ outcome }) => outcome === 'fail')
  if (failed !== undefined) return { ok: false, reason: `${failed.gate} fails` }
  const unclear = held.filter(({ outcome }) => outcome === 'inconclusive')
  if (unclear.length === 0) return { ok: false, reason: 'no gate is unclear' }
  const asked: MetricGate[] = []
  for (const { gate: name } of unclear) {
    const live = liveCounterpart(gates.find((gate) => gate.name === name))
    if (live === undefined) return { ok: false, reason: `no live answer decides ${name}` }
    asked.push(live)
  }
  return { ok: true, gates: asked }
}

const liveCounterpart = (gate: Gate | undefined): MetricGate | undefined => {
  if (gate?.kind !== 'metric' || findMetric(gate.metric)?.family !== 'model' || gate.slices.length > 0) return undefined
  if (gate.against !== null && gate.against.kind !== 'champion') return undefined
  return { ...gate, metric: `live.${gate.metric}`, minExamples: Math.max(fewestRequests, gate.minExamples) }
}
