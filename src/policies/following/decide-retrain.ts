import type { Json, JsonObject } from '../../domain/json.ts'
import { formatDuration, formatTime, type Time } from '../../domain/time.ts'
import { evaluateRetrain } from '../language/checks.ts'
import { findMetric } from '../language/metrics.ts'
import type { Policy, RetrainRules } from '../language/policy.ts'

/** What is known when a candidate was refused. */
export interface RetrainFacts {
  /** 1 for the first run, one more for each retrain of it. */
  readonly attempt: number
  readonly parameters: JsonObject
  readonly metrics: Readonly<Record<string, number>>
  /** The attempt before this one; null for the first. */
  readonly before: Readonly<Record<string, number>> | null
  /** When the refused run ended. */
  readonly endedAt: Time
  /** When retrained runs of the model were granted, the newest first: at least as many as the budget has. */
  readonly granted: readonly Time[]
  readonly now: Time
}

export type RetrainDecision =
  | { readonly kind: 'retrain'; readonly parameters: JsonObject; readonly at: Time }
  | { readonly kind: 'stopped'; readonly reason: string }

/** Whether a refused candidate is trained again, when and with which parameters; the first bound that is met says why not. */
export const decideRetrain = (
  { retrain, gates }: Pick<Policy, 'retrain' | 'gates'>,
  facts: RetrainFacts,
): RetrainDecision => {
  const stopped = (reason: string): RetrainDecision => ({ kind: 'stopped', reason })
  if (retrain === null) return stopped('the policy asks for no retraining')
  if (facts.attempt > retrain.attempts)
    return stopped(
      `it was trained again ${retrain.attempts === 1 ? 'once' : `${retrain.attempts} times`}, as often as the policy allows`,
    )
  const braked = brakeReason(retrain, gates, facts)
  if (braked !== undefined) return stopped(braked)
  const spent = budgetReason(retrain, facts)
  if (spent !== undefined) return stopped(spent)
  const changed = changedParameters(retrain.parameters, facts.parameters)
  if (!changed.ok) return stopped(changed.reason)
  const at = Math.max(facts.now, facts.endedAt + retrain.cooldown)
  return { kind: 'retrain', parameters: { ...facts.parameters, ...changed.parameters }, at }
}

const brakeReason = ({ brake }: RetrainRules, gates: Policy['gates'], facts: RetrainFacts): string | undefined => {
  if (brake === null || facts.before === null) return undefined
  const { metric, improvesBy } = brake
  const [before, now] = [facts.before[metric], facts.metrics[metric]]
  if (before === undefined || now === undefined)
    return `retraining stops: ${metric} is not known of ${now === undefined ? 'this attempt' : 'the attempt before'}, so it cannot be seen to improve`
  const gain = isLowerBetter(metric, gates) ? before - now : now - before
  if (gain > 0 && gain >= improvesBy) return undefined
  return `retraining no longer improves: ${metric} went from ${before.toPrecision(4)} to ${now.toPrecision(4)}, ${improvesBy > 0 ? `${improvesBy} better is asked` : 'better is asked'}`
}

/** Of a metric of the pipeline's own, the gates show which way is better. */
const isLowerBetter = (metric: string, gates: Policy['gates']): boolean =>
  (findMetric(metric)?.better ??
    (gates.some(
      (gate) => gate.kind === 'metric' && gate.metric === metric && gate.atMost !== null && gate.atLeast === null,
    )
      ? 'lower'
      : 'higher')) === 'lower'

const budgetReason = ({ budget }: RetrainRules, { granted, now }: RetrainFacts): string | undefined => {
  if (budget === null) return undefined
  const spent = granted.filter((at) => at > now - budget.per).sort((a, b) => b - a)
  const first = spent[budget.runs - 1]
  if (first === undefined) return undefined
  const runs = budget.runs === 1 ? 'one retrained run' : `${budget.runs} retrained runs`
  return `the budget of ${runs} in ${formatDuration(budget.per)} is spent until ${formatTime(first + budget.per)}`
}

type Changed = { readonly ok: true; readonly parameters: JsonObject } | { readonly ok: false; readonly reason: string }

const changedParameters = (wanted: RetrainRules['parameters'], before: JsonObject): Changed => {
  const parameters: Record<string, Json> = {}
  for (const [name, parameter] of Object.entries(wanted)) {
    if (parameter.kind === 'value') {
      parameters[name] = parameter.value
      continue
    }
    const result = evaluateRetrain(parameter.expression, before[name] ?? null)
    if (!result.ok)
      return {
        ok: false,
        reason: `retraining stops: ${name}: \`${parameter.expression}\` gives no value: ${result.reason}`,
      }
    parameters[name] = result.value
  }
  return { ok: true, parameters }
}
