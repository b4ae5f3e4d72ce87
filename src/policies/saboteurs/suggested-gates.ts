import type { ModelEvidence } from '../case.ts'
import { judge } from '../judge.ts'
import { type Answers, measure } from '../measures/measure.ts'
import type { MetricGate } from '../policy.ts'

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
 * lower, more by five times that share). The widest margins come first. `target` is the column that `each` names.
 */
export const suggestedGates = (honest: Answers, target: string): readonly SuggestedGate[] =>
  margins.flatMap((margin) =>
    (honest.kind === 'classification' ? ofClasses : ofNumbers).flatMap((known): readonly SuggestedGate[] => {
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

/** As few gates as it takes to stop all that can be stopped: again and again the one that stops the most of the rest. */
export const fewestGates = (
  gates: readonly SuggestedGate[],
  stopping: ReadonlyMap<string, readonly SuggestedGate[]>,
): readonly SuggestedGate[] => {
  const rest = new Set([...stopping].filter(([, found]) => found.length > 0).map(([name]) => name))
  let chosen: readonly SuggestedGate[] = []
  while (rest.size > 0) {
    const reach = (gate: SuggestedGate) => [...rest].filter((name) => stopping.get(name)?.includes(gate))
    const best = gates.reduce((top, gate) => (reach(gate).length > reach(top).length ? gate : top))
    // A tighter limit on the same stops what the wider one did, too.
    chosen = [...chosen.filter(({ name }) => name !== best.name), best]
    for (const name of reach(best)) rest.delete(name)
  }
  return chosen
}
