import type { ModelEvidence } from '../gates/case.ts'
import { judge } from '../gates/judge.ts'
import type { MetricGate } from '../language/policy.ts'
import { type Answers, measure } from '../measures/measure.ts'

/** A gate that a policy could have. */
export interface SuggestedGate {
  readonly name: string
  readonly gate: MetricGate
  /** As it is written in a policy's `gates`. */
  readonly yaml: string
}

interface Known {
  readonly name: string
  readonly metric: string
  readonly each?: true
}

const ofClasses: readonly Known[] = [
  { name: 'no dead class', metric: 'recall', each: true },
  { name: 'precise in each class', metric: 'precision', each: true },
  { name: 'good in all classes', metric: 'macroF1' },
  { name: 'often right', metric: 'accuracy' },
  { name: 'no luck', metric: 'mcc' },
  { name: 'calibrated', metric: 'logLoss' },
  { name: 'knows its doubts', metric: 'calibrationError' },
  { name: 'ranks each class well', metric: 'macroAuRoc' },
]
const ofNumbers: readonly Known[] = [
  { name: 'explains', metric: 'rSquared' },
  { name: 'near', metric: 'mae' },
  { name: 'never far', metric: 'rmse' },
  { name: 'quantiles hold', metric: 'quantileLoss' },
]
const lowerIsBetter: ReadonlySet<string> = new Set(['logLoss', 'calibrationError', 'mae', 'rmse', 'quantileLoss'])

/** How far below the honest model's own number a limit lies, the widest first. */
const margins = [0.05, 0.02, 0.01] as const

/**
 * Gates that the honest model passes with some room: a limit is its own number less a margin (of what is better when
 * lower, more by five times that share). The plainest gates come first, of each the widest margin. `target` is the column
 * that `each` names.
 */
export const suggestedGates = (honest: Answers, target: string): readonly SuggestedGate[] =>
  (honest.kind === 'classification' ? ofClasses : ofNumbers).flatMap((known) =>
    margins.flatMap((margin): readonly SuggestedGate[] => {
      const value = worstOf(honest, known)
      if (value === undefined) return []
      const { name, metric } = known
      const lower = lowerIsBetter.has(metric)
      const limit = lower
        ? upwards(Math.max(value, 1e-9) * (1 + 5 * margin))
        : Math.floor((value - margin) * 1000) / 1000
      // A limit that every model meets is none.
      if (!lower && limit <= 0) return []
      const each = known.each === undefined ? null : target
      const gate: MetricGate = {
        kind: 'metric',
        name,
        advisory: false,
        metric,
        atLeast: lower ? null : limit,
        atMost: lower ? limit : null,
        each,
        against: null,
        change: 'absolute',
        confidence: null,
        slices: [],
        minExamples: 1,
      }
      const parts = [`metric: ${metric}`, ...(each === null ? [] : [`each: ${yamlText(each)}`])]
      const yaml = `${name}: { ${[...parts, `${lower ? 'atMost' : 'atLeast'}: ${limit}`].join(', ')} }`
      return [{ name, gate, yaml }]
    }),
  )

/** Three digits, never below the value. */
const upwards = (value: number): number => {
  const scale = 10 ** (2 - Math.floor(Math.log10(value)))
  return Number((Math.ceil(value * scale) / scale).toPrecision(3))
}

const yamlText = (text: string): string => (/^[A-Za-z_][\w-]*$/.test(text) ? text : JSON.stringify(text))

const worstOf = (honest: Answers, { metric, each }: Known): number | undefined => {
  if (each === undefined) return measure(honest, { metric, of: null })
  if (honest.kind !== 'classification') return undefined
  const values = honest.predictions.classes.flatMap((of) => measure(honest, { metric, of }) ?? [])
  return values.length === 0 ? undefined : Math.min(...values)
}

const stops = (gate: MetricGate, answers: Answers): boolean => {
  const candidate: ModelEvidence = { evidence: { metrics: {}, perClass: {}, confusion: null }, answers }
  const judged = { candidate, references: {}, checks: {}, approvals: [], author: '' }
  return judge({ gates: [gate], seed: 1, resamples: 200 }, judged).outcome !== 'pass'
}

/** Of these gates, those that would stop a model. */
export const stoppingGates = (gates: readonly SuggestedGate[], answers: Answers): readonly SuggestedGate[] =>
  gates.filter(({ gate }) => stops(gate, answers))

/**
 * For each model the plainest gate that stops it; where several need one on the same metric, the tightest of theirs, which
 * stops them all. `stopping` has the gates by the models' names, in the order of `suggestedGates`.
 */
export const plainestGates = (
  stopping: ReadonlyMap<string, readonly SuggestedGate[]>,
): ReadonlyMap<string, SuggestedGate> => {
  const firsts = [...stopping].flatMap(([name, gates]) => (gates[0] === undefined ? [] : [[name, gates[0]] as const]))
  const tightest = (asked: SuggestedGate): SuggestedGate =>
    firsts
      .map(([, gate]) => gate)
      .filter(({ name }) => name === asked.name)
      .reduce((top, gate) => (isTighter(gate.gate, top.gate) ? gate : top))
  return new Map(firsts.map(([name, gate]) => [name, tightest(gate)]))
}

const isTighter = (one: MetricGate, other: MetricGate): boolean =>
  (one.atLeast ?? 0) > (other.atLeast ?? 0) || (one.atMost ?? 0) < (other.atMost ?? 0)
