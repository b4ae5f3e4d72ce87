import type { Evidence } from '../domain/evidence.ts'
import type { GateCheck, GateVerdict, Outcome } from '../domain/verdict.ts'
import { figure, shortfall } from './figures.ts'
import { findMetric } from './metrics.ts'
import type { Gate, Policy } from './parse-policy.ts'

export interface Judgement {
  readonly outcome: Outcome
  /** One sentence that names the gates that decided. */
  readonly reason: string
  /** In the policy's order. */
  readonly gates: readonly GateVerdict[]
}

/**
 * A mean of sevenths may come out one bit under the limit that it equals on paper. What is nearer than this to a limit,
 * in proportion, meets it.
 */
const tolerance = 1e-12

/**
 * Judges evidence by a policy: pass where every gate passes, fail where one fails, else inconclusive. Limits are
 * inclusive. A metric that is missing, no number or outside of what it can be fails; a class without examples is
 * inconclusive; a policy without gates judges nothing and is inconclusive.
 */
export const judge = (policy: Pick<Policy, 'gates'>, evidence: Evidence): Judgement => {
  const gates = policy.gates.map((gate) => judgeGate(gate, evidence))
  const outcome = outcomeOf(gates.map((gate) => gate.outcome))
  return { outcome, reason: reasonOf(outcome, gates), gates }
}

const judgeGate = (gate: Gate, evidence: Evidence): GateVerdict => {
  const checks = gate.each === null ? checkLimits(gate, null, evidence) : checkClasses(gate, evidence)
  const outcome = outcomeOf(checks.map((check) => check.outcome))
  if (checks.length === 0) {
    const reason = `no class of ${gate.each} is known: there is no confusion matrix and no evaluation by class`
    return { gate: gate.name, outcome: 'fail', reason, checks }
  }
  return { gate: gate.name, outcome, reason: gateReason(outcome, checks), checks }
}

const checkClasses = (gate: Gate, evidence: Evidence): readonly GateCheck[] => {
  const classes = new Set([
    ...(evidence.confusion?.labels ?? []),
    ...Object.keys(valuesOf(evidence.perClass, gate.metric) ?? {}),
  ])
  return [...classes].flatMap((label) => checkLimits(gate, label, evidence))
}

const checkLimits = (gate: Gate, of: string | null, evidence: Evidence): readonly GateCheck[] => {
  const measured =
    of === null ? valuesOf(evidence.metrics, gate.metric) : valuesOf(valuesOf(evidence.perClass, gate.metric) ?? {}, of)
  const unseen = of !== null && isWithoutExamples(evidence, of)
  return (['atLeast', 'atMost'] as const).flatMap((kind) => {
    const value = gate[kind]
    return value === null ? [] : [check(gate.metric, of, measured, { kind, value }, unseen)]
  })
}

const check = (
  metric: string,
  of: string | null,
  measured: number | undefined,
  limit: GateCheck['limit'],
  unseen: boolean,
): GateCheck => {
  const subject = of === null ? metric : `${metric} of ${of}`
  const said = (outcome: Outcome, value: number | null, reason: string): GateCheck => ({
    metric,
    of,
    value,
    limit,
    outcome,
    reason,
  })
  if (unseen) return said('inconclusive', null, `${subject} cannot be told: the evaluation has no example of ${of}`)
  if (measured === undefined) return said('fail', null, `${subject} is missing from the evidence`)
  if (!Number.isFinite(measured)) return said('fail', null, `${subject} is not a number`)
  const [lowest, highest] = findMetric(metric)?.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  if (measured < lowest - tolerance || measured > highest + tolerance)
    return said(
      'fail',
      measured,
      `${subject} is ${measured}, which it cannot be: it lies between ${lowest} and ${highest}`,
    )
  const outcome = meets(measured, limit) ? 'pass' : 'fail'
  return said(outcome, measured, `${subject} is ${figure(measured, limit.value)}, ${shortfall(measured, limit)}`)
}

const meets = (measured: number, { kind, value }: GateCheck['limit']): boolean => {
  const slack = tolerance * Math.max(1, Math.abs(value))
  return kind === 'atLeast' ? measured >= value - slack : measured <= value + slack
}

const isWithoutExamples = ({ confusion }: Evidence, label: string): boolean => {
  const row = confusion?.rows[confusion.labels.indexOf(label)]
  return row?.every((count) => count === 0) ?? false
}

/** The member of a record that came from outside: `constructor` is as absent as any other. */
const valuesOf = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined

const outcomeOf = (outcomes: readonly Outcome[]): Outcome => {
  if (outcomes.includes('fail')) return 'fail'
  return outcomes.length === 0 || outcomes.includes('inconclusive') ? 'inconclusive' : 'pass'
}

/** What decided a gate: each check that did not pass, or the one that passed by the least. */
const gateReason = (outcome: Outcome, checks: readonly GateCheck[]): string => {
  if (outcome !== 'pass') {
    const decisive = checks.filter((c) => c.outcome === outcome)
    const more = decisive.length - 3
    return `${decisive
      .slice(0, 3)
      .map((c) => c.reason)
      .join('; ')}${more > 0 ? `; and ${more} more` : ''}`
  }
  return checks.reduce((closest, c) => (margin(c) < margin(closest) ? c : closest)).reason
}

const margin = ({ value, limit }: GateCheck): number =>
  value === null ? 0 : limit.kind === 'atLeast' ? value - limit.value : limit.value - value

const reasonOf = (outcome: Outcome, gates: readonly GateVerdict[]): string => {
  if (gates.length === 0) return 'nothing was judged: the policy has no gates'
  const named = (wanted: Outcome) =>
    gates
      .filter((gate) => gate.outcome === wanted)
      .map((gate) => `${gate.gate} (${gate.reason})`)
      .join('; ')
  switch (outcome) {
    case 'pass':
      return gates.length === 1 ? 'its one gate passed' : `all ${gates.length} gates passed`
    case 'fail':
      return `refused by ${named('fail')}`
    case 'inconclusive':
      return `not enough evidence for ${named('inconclusive')}`
  }
}
