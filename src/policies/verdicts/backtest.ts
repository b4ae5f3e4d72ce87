import type { GateOutcome, GateVerdict, Outcome, Receipt } from '../../domain/verdict.ts'
import type { Judgement } from '../gates/judge.ts'
import type { Policy } from '../language/policy.ts'

/** A verdict of the past, by a policy of now. `unknown`: the policy asks for what nobody looked for then. */
export interface Compared {
  readonly was: Outcome
  readonly wouldBe: Outcome | 'unknown'
  readonly reason: string
  /** Gates whose outcome is another; null: it was not asked then, or is no more. */
  readonly gates: readonly {
    readonly gate: string
    readonly was: GateOutcome | null
    readonly wouldBe: GateOutcome | 'unknown' | null
    readonly reason: string
  }[]
}

/**
 * What a changed policy makes of a past verdict. A gate whose number is missing because nobody looked for it then is
 * unknown, never a failure: only a gate that fails on what is known refuses.
 */
export const compareVerdict = (policy: Pick<Policy, 'gates'>, receipt: Receipt, now: Judgement): Compared => {
  const outcomes = new Map<string, { readonly outcome: GateOutcome | 'unknown'; readonly reason: string }>(
    now.gates.map((gate) => [
      gate.gate,
      wasNotLookedFor(gate, policy, receipt)
        ? { outcome: 'unknown', reason: `nobody looked for it then: ${gate.reason}` }
        : gate,
    ]),
  )
  const held = now.gates.filter(({ advisory }) => !advisory).map(({ gate }) => outcomes.get(gate))
  const failed = held.some((gate) => gate?.outcome === 'fail')
  const unknown = [...outcomes].filter(([, { outcome }]) => outcome === 'unknown').map(([gate]) => gate)
  const wouldBe = !failed && held.some((gate) => gate?.outcome === 'unknown') ? 'unknown' : now.outcome
  const before = new Map(receipt.gates.map((gate) => [gate.gate, gate.outcome]))
  const gates = [...outcomes]
    .map(([gate, { outcome, reason }]) => ({ gate, was: before.get(gate) ?? null, wouldBe: outcome, reason }))
    .filter((gate) => gate.was !== gate.wouldBe)
  const dropped = receipt.gates
    .filter(({ gate }) => !outcomes.has(gate))
    .map(({ gate, outcome }) => ({ gate, was: outcome, wouldBe: null, reason: 'the policy does not ask it any more' }))
  const reason = wouldBe === 'unknown' ? `it cannot be told without ${unknown.join(', ')}` : now.reason
  return { was: receipt.outcome, wouldBe, reason, gates: [...gates, ...dropped] }
}

/** Whether a gate has nothing to judge by because the policy of then asked nothing of the kind. */
const wasNotLookedFor = (verdict: GateVerdict, { gates }: Pick<Policy, 'gates'>, receipt: Receipt): boolean => {
  if (verdict.outcome !== 'fail' && verdict.outcome !== 'inconclusive') return false
  const gate = gates.find(({ name }) => name === verdict.gate)
  const asked = receipt.gates.find((one) => one.gate === verdict.gate)
  switch (gate?.kind) {
    case 'require':
      return verdict.outcome === 'inconclusive' && asked === undefined
    case 'check':
      return verdict.outcome === 'inconclusive' && asked === undefined
    case 'metric': {
      const missing = verdict.checks.filter(({ outcome }) => outcome === verdict.outcome)
      const sought = receipt.gates.some(({ checks }) => checks.some(({ metric }) => metric === gate.metric))
      return !sought && missing.every(({ value }) => value === null)
    }
    default:
      return false
  }
}

export interface LiveDifference {
  readonly metric: string
  readonly judged: number
  readonly live: number
  readonly difference: number
}

/** How what was seen live differs from what was judged, for the metrics over all examples that the gates asked for. */
export const liveDifferences = (
  { gates }: Pick<Receipt, 'gates'>,
  live: Readonly<Record<string, number>>,
): readonly LiveDifference[] => {
  const whole = gates.flatMap(({ checks }) => checks.filter(({ of, slice }) => of === null && slice === null))
  const judged = new Map(whole.map(({ metric, value, change }) => [metric, change === null ? value : change.candidate]))
  return [...judged].flatMap(([metric, value]) => {
    const seen = Object.hasOwn(live, metric) ? live[metric] : undefined
    if (value === null || seen === undefined) return []
    return [{ metric, judged: value, live: seen, difference: seen - value }]
  })
}
