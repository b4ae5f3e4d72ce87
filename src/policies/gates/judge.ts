import type { GateCheck, GateOutcome, GateVerdict, Outcome } from '../../domain/verdict.ts'
import type { CheckGate, Gate, Policy, RequireGate } from '../language/policy.ts'
import type { Case } from './case.ts'
import { type Prepared, prepareMetricGate } from './comparisons.ts'
import { type DecidedCheck, decideChecks } from './decide-checks.ts'
import { requirementOf } from './requirement.ts'

export interface Judgement {
  readonly outcome: Outcome
  /** One sentence that names the gates that decided. */
  readonly reason: string
  /** In the policy's order. */
  readonly gates: readonly GateVerdict[]
}

/**
 * Judges a case by a policy: fail where a gate fails that is held, inconclusive where one is, or where nothing at all was
 * judged, else pass. Limits are inclusive. Each of these has one result:
 *
 * - a metric that is missing, no number, or outside of what it can be: fail;
 * - a class or slice without examples, or with too few: inconclusive; a column that is not there: fail;
 * - no champion yet: the comparison is skipped, the other gates decide; a champion of which nothing is known: inconclusive;
 * - a confidence that the evidence cannot give: inconclusive, with what would decide it;
 * - a check that cannot be evaluated: inconclusive; a person who has not spoken: inconclusive; who has said no: fail;
 * - an advisory gate: told, and without weight; a policy whose gates all say nothing: inconclusive.
 *
 * The same policy and case give the same judgement, bit for bit: chance comes from the policy's seed.
 */
export const judge = (policy: Pick<Policy, 'gates' | 'seed' | 'resamples'>, judged: Case): Judgement =>
  judgePrepared(
    policy,
    judged,
    policy.gates.map((gate) => prepareGate(gate, judged, policy)),
  )

/** What one gate holds against its limits: nearly all the work of judging, and no gate's depends on another's. Plain data. */
export interface PreparedGate {
  readonly advisory: boolean
  readonly checks: readonly Prepared[]
}

export const prepareGate = (gate: Gate, judged: Case, chance: Pick<Policy, 'seed' | 'resamples'>): PreparedGate => ({
  advisory: gate.advisory,
  checks: gate.kind === 'metric' ? prepareMetricGate(gate, judged, chance) : [],
})

/** As judge, once each gate is prepared; in the policy's order. */
export const judgePrepared = (
  policy: Pick<Policy, 'gates'>,
  judged: Case,
  prepared: readonly PreparedGate[],
): Judgement => {
  // Confident checks are corrected together, so they are decided together.
  const checks = decideChecks(prepared)
  const gates = policy.gates.map((gate, i) => gateVerdict(gate, checks[i] ?? [], judged))
  return summarise(gates)
}

const gateVerdict = (gate: Gate, decided: readonly DecidedCheck[], judged: Case): GateVerdict => {
  const { name, advisory } = gate
  const said = (outcome: GateOutcome, reason: string, checks: readonly GateCheck[] = []): GateVerdict => ({
    gate: name,
    advisory,
    outcome,
    reason,
    checks,
  })
  if (gate.kind === 'check') return checkVerdict(gate, judged, said)
  if (gate.kind === 'require') return requireVerdict(gate, judged, said)
  const checks = decided.map(({ check }) => check)
  if (checks.length === 0)
    return said('fail', `no class of ${gate.each} is known: there is no confusion matrix and no evaluation by class`)
  const outcome = outcomeOf(checks.map((check) => check.outcome))
  return said(outcome, gateReason(outcome, decided), checks)
}

type Say = (outcome: GateOutcome, reason: string) => GateVerdict

const checkVerdict = ({ name, expression }: CheckGate, { checks }: Case, said: Say): GateVerdict => {
  const result = Object.hasOwn(checks, name) ? checks[name] : undefined
  if (result === undefined) return said('inconclusive', `\`${expression}\` was not evaluated`)
  if (!result.ok) return said('inconclusive', `\`${expression}\` cannot be evaluated: ${result.reason}`)
  return said(result.value ? 'pass' : 'fail', `\`${expression}\` is ${result.value}`)
}

const requireVerdict = ({ approvals: rule }: RequireGate, { approvals, author }: Case, said: Say): GateVerdict => {
  const { outcome, reason } = requirementOf(rule, approvals, author)
  return said(outcome, reason)
}

export const outcomeOf = (outcomes: readonly GateOutcome[]): GateOutcome => {
  if (outcomes.includes('fail')) return 'fail'
  if (outcomes.includes('inconclusive')) return 'inconclusive'
  return outcomes.includes('pass') ? 'pass' : 'skipped'
}

/** What decided a gate: each check that did not pass, or the one that passed by the least. */
export const gateReason = (outcome: GateOutcome, checks: readonly DecidedCheck[]): string => {
  if (outcome !== 'pass') {
    const decisive = checks.filter(({ check }) => check.outcome === outcome)
    const more = decisive.length - 3
    const told = decisive.slice(0, 3).map(({ check }) => check.reason)
    return `${[...new Set(told)].join('; ')}${more > 0 ? `; and ${more} more` : ''}`
  }
  const passed = checks.filter(({ check }) => check.outcome === 'pass')
  return passed.reduce((closest, one) => (one.margin < closest.margin ? one : closest)).check.reason
}

export const summarise = (gates: readonly GateVerdict[]): Judgement => {
  const held = gates.filter(({ advisory }) => !advisory)
  const overall = outcomeOf(held.map(({ outcome }) => outcome))
  const named = (wanted: GateOutcome) =>
    held
      .filter(({ outcome }) => outcome === wanted)
      .map(({ gate, reason }) => `${gate} (${reason})`)
      .join('; ')
  switch (overall) {
    case 'fail':
      return { outcome: 'fail', reason: `refused by ${named('fail')}`, gates }
    case 'inconclusive':
      return { outcome: 'inconclusive', reason: `not enough evidence for ${named('inconclusive')}`, gates }
    case 'skipped': {
      const why =
        gates.length === 0
          ? 'the policy has no gates'
          : held.length === 0
            ? 'all gates are advisory'
            : 'every gate was skipped'
      return { outcome: 'inconclusive', reason: `nothing was judged: ${why}`, gates }
    }
    case 'pass': {
      const passed = held.filter(({ outcome }) => outcome === 'pass').length
      const skipped = held.length - passed
      const rest = skipped === 0 ? '' : `, ${skipped} skipped`
      return {
        outcome: 'pass',
        reason:
          passed === 1 && held.length === 1
            ? 'its one gate passed'
            : `${skipped === 0 ? 'all ' : ''}${passed} gates passed${rest}`,
        gates,
      }
    }
  }
}
