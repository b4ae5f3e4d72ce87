import { type Judgement, judge } from '../policies/gates/judge.ts'
import { sideBySide } from '../policies/gates/side-by-side.ts'
import type { Policy } from '../policies/language/policy.ts'
import { answersOf } from '../policies/measures/measure.ts'
import type { Predictions } from '../policies/predictions/predictions.ts'
import { lossOf, toleranceOf } from '../policies/saboteurs/loss.ts'
import { asksProbabilities, type ProvedSaboteur, proveSaboteur, tellingGates } from '../policies/saboteurs/proof.ts'
import { saboteursOf } from '../policies/saboteurs/saboteurs.ts'
import {
  plainestGates,
  type SuggestedGate,
  stoppingGates,
  suggestedGates,
} from '../policies/saboteurs/suggested-gates.ts'
import type { ModelToJudge } from './case-to-judge.ts'
import { judgeInThread } from './threads/judge-in-thread.ts'

export interface ToProve {
  readonly policy: Policy
  readonly honest: Predictions
  readonly champion: Predictions | null
  readonly earlier: Predictions | null
  /** Numbers that were stated of the honest model: how it serves, what it was made from. */
  readonly stated: ModelToJudge['evidence']
  /** The column that a suggested gate names with `each`. */
  readonly target: string
}

export interface Proof {
  readonly honest: Judgement
  /** Gates that can stop anything here: held, and passed by the honest model. */
  readonly telling: readonly string[]
  readonly tolerance: number
  readonly saboteurs: readonly (ProvedSaboteur & {
    /** A gate that would have stopped it; null where it is stopped, or none that the honest model passes would. */
    readonly suggestion: Pick<SuggestedGate, 'name' | 'yaml'> | null
  })[]
  /** The gates that stop all that slip through and can be stopped. */
  readonly suggestions: readonly Pick<SuggestedGate, 'name' | 'yaml'>[]
  readonly slipped: number
}

const none = { kind: 'none', reason: 'no champion was given' } as const
const nothingStated = { kind: 'known', evidence: { metrics: {}, perClass: {}, confusion: null } } as const

/** Lets every saboteur that can be made from the evidence at hand be judged as the honest model was. */
export const prove = async (
  { policy, honest, champion, earlier, stated, target }: ToProve,
  signal?: AbortSignal,
): Promise<Proof> => {
  const references = { champion: champion === null ? none : { ...nothingStated, predictions: champion } }
  const checks = policy.gates.flatMap(({ kind, name }) => (kind === 'check' ? [name] : []))
  const judged = async (
    predictions: Predictions,
    facts: Readonly<Record<string, number>>,
    hasChecks: boolean,
  ): Promise<Judgement> => {
    const candidate = { evidence: { ...stated, metrics: { ...stated.metrics, ...facts } }, predictions }
    const rest = { approvals: [], author: '' }
    // Only a check may run for ever; without one, a thread takes longer to start than all else.
    if (!hasChecks) return judge(policy, { ...sideBySide(candidate, references), checks: {}, ...rest })
    const toJudge = { candidate, references, facts: { change: {}, candidate: {} }, ...rest }
    return (await judgeInThread(policy, toJudge, signal === undefined ? {} : { signal })).judgement
  }
  const answers = answersOf(honest)
  const judgement = await judged(honest, {}, checks.length > 0)
  const telling = tellingGates(judgement)
  const hasChecks = checks.some((name) => telling.has(name))
  const rules = { tolerance: toleranceOf(policy, honest.kind), probabilities: asksProbabilities(policy) }
  const known = suggestedGates(answers, target)
  const proved: ProvedSaboteur[] = []
  const stopping = new Map<string, readonly SuggestedGate[]>()
  for (const saboteur of saboteursOf({ honest, champion, earlier, seed: policy.seed })) {
    const made = saboteur.make()
    const bad = answersOf(made)
    const loss = lossOf(bad, answers)
    const sameDecisions = made.rows === honest.rows && made.predicted.every((one, i) => one === honest.predicted[i])
    const tried = { saboteur, judgement: await judged(made, saboteur.facts, hasChecks), loss, sameDecisions }
    const one = proveSaboteur(tried, telling, rules)
    proved.push(one)
    if (one.ships && one.counts) stopping.set(one.name, stoppingGates(known, bad))
  }
  const chosen = plainestGates(stopping)
  const written = ({ name, yaml }: SuggestedGate) => ({ name, yaml })
  const saboteurs = proved.map((one) => {
    const gate = chosen.get(one.name)
    return { ...one, suggestion: gate === undefined ? null : written(gate) }
  })
  return {
    honest: judgement,
    telling: [...telling],
    tolerance: rules.tolerance,
    saboteurs,
    suggestions: [...new Set(chosen.values())].map(written),
    slipped: stopping.size,
  }
}
