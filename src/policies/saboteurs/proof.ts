import type { GateVerdict } from '../../domain/verdict.ts'
import type { Judgement } from '../gates/judge.ts'
import type { Policy } from '../language/policy.ts'
import type { Saboteur } from './saboteur.ts'

/** `ships`: no gate that the honest model passes stops it. */
export interface ProvedSaboteur {
  readonly name: string
  readonly what: string
  readonly ships: boolean
  /** Whether it must be refused. */
  readonly counts: boolean
  /** Why it need not be; null where it must. */
  readonly told: string | null
  /** What it is worse by than the honest model: accuracy lost, or the share by which the mean absolute error grows. */
  readonly loss: number
  readonly stoppedBy: readonly Pick<GateVerdict, 'gate' | 'outcome' | 'reason'>[]
}

/**
 * The gates that can prove anything: those that are held and that the honest model passes. One that refuses the honest
 * model, too, may refuse everything.
 */
export const tellingGates = (honest: Judgement): ReadonlySet<string> =>
  new Set(honest.gates.filter(({ advisory, outcome }) => !advisory && outcome === 'pass').map(({ gate }) => gate))

/** Metrics that only probabilities give. */
const ofProbabilities = ['auRoc', 'auPrc', 'macroAuRoc', 'macroAuPrc', 'logLoss', 'brier', 'calibrationError']

export const asksProbabilities = ({ gates }: Pick<Policy, 'gates'>): boolean =>
  gates.some((gate) =>
    gate.kind === 'metric'
      ? !gate.advisory && ofProbabilities.includes(gate.metric)
      : gate.kind === 'check' && ofProbabilities.some((metric) => gate.expression.includes(metric)),
  )

export interface Tried {
  readonly saboteur: Saboteur
  readonly judgement: Judgement
  readonly loss: number
  /** Whether its decisions are the honest model's, so that it differs in probabilities alone. */
  readonly sameDecisions: boolean
}

/** What became of a saboteur, and whether that speaks against the policy. */
export const proveSaboteur = (
  { saboteur, judgement, loss, sameDecisions }: Tried,
  telling: ReadonlySet<string>,
  rules: { readonly tolerance: number; readonly probabilities: boolean },
): ProvedSaboteur => {
  const stoppedBy = judgement.gates
    .filter(({ gate, outcome }) => telling.has(gate) && (outcome === 'fail' || outcome === 'inconclusive'))
    .map(({ gate, outcome, reason }) => ({ gate, outcome, reason }))
  const told =
    saboteur.told ??
    (saboteur.weakMayPass && loss <= rules.tolerance
      ? `it costs ${loss.toFixed(3)}, and up to ${rules.tolerance} may be lost`
      : sameDecisions && !rules.probabilities
        ? 'it decides as the honest model does, and the policy asks nothing of probabilities'
        : null)
  const { name, what } = saboteur
  return { name, what, ships: stoppedBy.length === 0, counts: told === null, told, loss, stoppedBy }
}
