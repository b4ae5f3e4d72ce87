import type { Evidence } from '../../domain/evidence.ts'
import { checkReads } from '../language/checks.ts'
import { findMetric, isLive } from '../language/metrics.ts'
import { type MetricGate, type Policy, type Reference, referenceName } from '../language/policy.ts'
import { measureOfMatrix } from '../measures/measure.ts'

/** What a policy asks to know beyond what a run states of itself. Finding it costs, so what is not needed is not sought. */
export interface Needs {
  /** Gates that only per-example answers can decide: slices, confidence, comparisons, metrics that nobody stated. */
  readonly examples: boolean
  /** A gate is about the model's answers: what the run left of them is worth reading. */
  readonly answers: boolean
  /** The models to compare with, each once; the baseline is worked out of the candidate's examples. */
  readonly references: readonly Exclude<Reference, { kind: 'baseline' }>[]
  /** Those of the above that must answer the same examples. */
  readonly scored: readonly string[]
  readonly serving: boolean
  readonly data: boolean
  /** Names of the target column that gates give with `each`. */
  readonly targets: readonly string[]
}

export const needsOf = (
  { gates }: Pick<Policy, 'gates'>,
  stated: Pick<Evidence, 'metrics' | 'perClass' | 'confusion'>,
): Needs => {
  // Live gates are asked later, of what serves then.
  const metrics = gates.filter((gate): gate is MetricGate => gate.kind === 'metric' && !isLive(gate.metric))
  const ofModel = metrics.filter(({ metric }) => findMetric(metric)?.family === 'model')
  const families = new Set(metrics.map(({ metric }) => findMetric(metric)?.family))
  const read = new Set(gates.flatMap((gate) => (gate.kind === 'check' ? checkReads(gate.expression) : [])))
  const references = new Map<string, Needs['references'][number]>()
  for (const { against } of metrics)
    if (against !== null && against.kind !== 'baseline') references.set(referenceName(against), against)
  if (read.has('champion')) references.set('champion', { kind: 'champion' })
  const scored = ofModel.flatMap(({ against }) =>
    against === null || against.kind === 'baseline' ? [] : [referenceName(against)],
  )
  return {
    examples: ofModel.some((gate) => needsExamples(gate, stated)),
    answers: ofModel.length > 0,
    references: [...references.values()],
    scored: [...new Set([...scored, ...(read.has('champion') ? ['champion'] : [])])],
    serving: families.has('serving') || ['latency', 'throughput', 'model'].some((name) => read.has(name)),
    data: metrics.some((gate) => needsData(gate, stated)) || read.has('data'),
    targets: [...new Set(ofModel.flatMap(({ each }) => each ?? []))],
  }
}

/** What the run states of its data, such as whether it changed meanwhile, is known without reading it. */
const needsData = ({ metric }: MetricGate, { metrics }: Pick<Evidence, 'metrics'>): boolean =>
  findMetric(metric)?.family === 'data' && metric !== 'data.changedDuringRun' && !Object.hasOwn(metrics, metric)

const needsExamples = (
  { metric, each, slices, confidence, against }: MetricGate,
  { metrics, perClass, confusion }: Pick<Evidence, 'metrics' | 'perClass' | 'confusion'>,
): boolean => {
  if (slices.length > 0 || against !== null) return true
  // Counts give an interval too, of what is made of counts.
  const of = each === null ? null : (confusion?.labels[0] ?? null)
  if (confidence !== null && (confusion === null || measureOfMatrix(confusion, { metric, of }) === undefined))
    return true
  return each === null ? !Object.hasOwn(metrics, metric) : !Object.hasOwn(perClass, metric)
}
