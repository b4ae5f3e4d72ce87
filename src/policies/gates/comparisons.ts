import type { GateCheck } from '../../domain/verdict.ts'
import { comparesData, findMetric, isLive } from '../language/metrics.ts'
import { type MetricGate, referenceName } from '../language/policy.ts'
import {
  type Answers,
  answersOf,
  changeBetween,
  measure,
  uncertaintyOf,
  uncertaintyOfChange,
  uncertaintyOfMatrices,
  uncertaintyOfMatrix,
} from '../measures/measure.ts'
import { whyMissing } from '../measures/why-missing.ts'
import { selectExamples } from '../predictions/predictions.ts'
import type { Uncertainty } from '../statistics/uncertainty.ts'
import { baselineOf, type Case, type ModelEvidence, matrixOf, type ReferenceEvidence } from './case.ts'
import { type Part, partsOf } from './slices.ts'

/** A number to hold against a limit, with how sure it is where the gate asks for that. */
export interface Comparison extends Pick<GateCheck, 'metric' | 'of' | 'slice' | 'examples' | 'limit' | 'change'> {
  readonly value: number
  readonly confidence: number | null
  readonly uncertainty: Uncertainty | null
}

/** One whose outcome needs no number. */
interface Settled extends Pick<GateCheck, 'metric' | 'of' | 'slice' | 'examples' | 'limit' | 'outcome' | 'reason'> {
  readonly settled: true
}

export type Prepared = Comparison | Settled

export interface Chance {
  readonly seed: number
  readonly resamples: number
}

/** Everything that one gate on a metric compares; empty where it knows no class or part to look at. */
export const prepareMetricGate = (gate: MetricGate, judged: Case, chance: Chance): readonly Prepared[] => {
  if (isLive(gate.metric))
    return limitsOf(gate).map((limit) => settle(gate, null, null, limit, 'skipped', 'it is judged while it serves'))
  const reference = referenceOf(gate, judged)
  if (reference !== null && reference.kind === 'none')
    return limitsOf(gate).map((limit) => settle(gate, null, null, limit, 'skipped', `skipped: ${reference.reason}`))
  const uncompared = uncomparedData(gate, judged)
  if (uncompared !== undefined)
    return limitsOf(gate).map((limit) => settle(gate, null, null, limit, uncompared.outcome, uncompared.reason))
  const mistaken = mistakenTarget(gate, judged.candidate)
  if (mistaken !== undefined) return limitsOf(gate).map((limit) => settle(gate, null, null, limit, 'fail', mistaken))
  return partsOf(gate, judged.candidate).flatMap((part) => {
    if (part.kind === 'unknown')
      return limitsOf(gate).map((limit) => settle(gate, null, part.name, limit, part.outcome, part.reason))
    const candidate = ofPart(judged.candidate, part)
    const other = reference === null ? null : referenceOfPart(reference, part)
    return subjectsOf(gate, candidate, other ?? championOf(gate, judged)).flatMap((of) =>
      limitsOf(gate).map((limit) => prepare(gate, { of, limit, part, candidate, reference: other, chance })),
    )
  })
}

interface Asked {
  readonly of: string | null
  readonly limit: GateCheck['limit']
  readonly part: Extract<Part, { kind: 'part' }>
  readonly candidate: ModelEvidence
  readonly reference: ReferenceEvidence | null
  readonly chance: Chance
}

export const limitsOf = ({ atLeast, atMost }: MetricGate): readonly GateCheck['limit'][] => [
  ...(atLeast === null ? [] : [{ kind: 'atLeast', value: atLeast } as const]),
  ...(atMost === null ? [] : [{ kind: 'atMost', value: atMost } as const]),
]

/** `each` that names a column beside the target: the classes would be judged, and its values are meant. */
const mistakenTarget = ({ each }: MetricGate, { answers }: ModelEvidence): string | undefined => {
  if (each === null || answers?.kind !== 'classification') return undefined
  const { columns, classes } = answers.predictions
  const column = memberOf(columns, each)
  // The target may stand there twice, under another name.
  if (column === undefined || column.values.every((value) => classes.includes(value))) return undefined
  return `each takes the classes of the target, and ${each} is another column: its values are \`slices: ${each}\``
}

const referenceOf = (gate: MetricGate, judged: Case): ReferenceEvidence | null => {
  if (gate.against === null) return null
  if (gate.against.kind === 'baseline') return baselineOf(judged.candidate)
  const name = referenceName(gate.against)
  return judged.references[name] ?? { kind: 'unknown', reason: `nothing is known of ${name}` }
}

/** Data that is known, and of which only what it should be compared with is not. */
const uncomparedData = (
  { metric }: MetricGate,
  { candidate, references }: Case,
): Pick<Settled, 'outcome' | 'reason'> | undefined => {
  const { metrics } = candidate.evidence
  const champion = references['champion']
  if (!comparesData.has(metric) || Object.hasOwn(metrics, metric) || !Object.hasOwn(metrics, 'data.rows'))
    return undefined
  if (champion?.kind === 'none') return { outcome: 'skipped', reason: `skipped: ${champion.reason}` }
  if (champion === undefined) return undefined
  return { outcome: 'inconclusive', reason: `${metric} cannot be told: nothing is kept of the data of the champion` }
}

/** A class that the champion knows and the test rows lost must not be forgotten with them. */
const championOf = ({ metric }: MetricGate, { references }: Case): ReferenceEvidence | null =>
  findMetric(metric)?.family === 'model' ? (references['champion'] ?? null) : null

/** The same answers for the same part are asked for by many gates: they are cut out and worked on once. */
const cut = new WeakMap<Answers, Map<string, Answers>>()

const ofPart = (model: ModelEvidence, part: Extract<Part, { kind: 'part' }>): ModelEvidence => {
  if (part.name === null || part.positions === null || model.answers === null) return model
  const known = cut.get(model.answers) ?? new Map<string, Answers>()
  cut.set(model.answers, known)
  const answers = known.get(part.key) ?? answersOf(selectExamples(model.answers.predictions, part.positions))
  known.set(part.key, answers)
  return { evidence: { metrics: {}, perClass: {}, confusion: null }, answers }
}

/** Numbers that were stated of a model are of all examples: with a part of them nothing may be compared. */
const referenceOfPart = (reference: ReferenceEvidence, part: Extract<Part, { kind: 'part' }>): ReferenceEvidence => {
  if (reference.kind !== 'known') return reference
  if (part.name !== null && reference.answers === null)
    return { kind: 'unknown', reason: 'its answers, example by example, are not known, and a part needs them' }
  return { ...reference, ...ofPart(reference, part) }
}

/** The classes (of data: the columns) that the gate looks at: the candidate's, and those that the other model knows. */
const subjectsOf = (
  gate: MetricGate,
  candidate: ModelEvidence,
  reference: ReferenceEvidence | null,
): readonly (string | null)[] => {
  if (gate.each === null) return [null]
  const of = (model: ModelEvidence): readonly string[] => [
    ...(matrixOf(model)?.labels ?? []),
    ...(model.answers?.kind === 'regression'
      ? model.answers.predictions.quantiles.map(({ quantile }) => String(quantile))
      : []),
    ...Object.keys(memberOf(model.evidence.perClass, gate.metric) ?? {}),
  ]
  return [...new Set([...of(candidate), ...(reference?.kind === 'known' ? of(reference) : [])])]
}

const prepare = (gate: MetricGate, asked: Asked): Prepared => {
  const { of, limit, part, candidate, reference, chance } = asked
  const subject = subjectOf(gate, of, part.name)
  const say = (outcome: GateCheck['outcome'], reason: string) =>
    settle(gate, of, part.name, limit, outcome, reason, examples)
  const examples = examplesOf(candidate, gate, of)
  // A number that was stated over all examples stands, whatever a matrix without any says.
  if (examples === 0 && (of !== null || candidate.answers !== null)) {
    const missing = of === null ? 'example' : `example of ${of}`
    return say('inconclusive', `${subject} cannot be told: the evaluation has no ${missing}`)
  }
  const least = gate.slices.length > 0 || gate.each !== null ? gate.minExamples : 0
  if (examples !== null && examples < least)
    return say(
      'inconclusive',
      `${subject} is known of ${examples} examples only, ${least - examples} fewer than the ${least} that are asked`,
    )
  const value = valueIn(candidate, gate.metric, of)
  if (value === undefined) {
    const why = whyMissing(candidate.answers, gate.metric)
    return say('fail', `${subject} is missing from the evidence${why === undefined ? '' : `: ${why}`}`)
  }
  if (!Number.isFinite(value)) return say('fail', `${subject} is not a number`)
  const [lowest, highest] = findMetric(gate.metric)?.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  if (value < lowest - tolerance || value > highest + tolerance)
    return say('fail', `${subject} is ${value}, which it cannot be: it lies between ${lowest} and ${highest}`)
  const { confidence } = gate
  const base = { metric: gate.metric, of, slice: part.name, examples, limit, confidence }
  const seed = seedOf(
    chance.seed,
    `${gate.metric}/${of ?? ''}/${part.name ?? ''}/${gate.against === null ? '' : referenceName(gate.against)}`,
  )
  const resampling = { resamples: chance.resamples, seed }
  const metric = { metric: gate.metric, of }

  if (gate.against === null || reference === null) {
    const uncertainty = confidence === null ? null : ownUncertainty(candidate, metric, resampling)
    if (uncertainty === undefined)
      return say('inconclusive', `${subject} is ${value}, and nothing tells how sure that is: ${wanted(gate.metric)}`)
    return { ...base, value, change: null, uncertainty }
  }
  const name = referenceName(gate.against)
  if (reference.kind !== 'known')
    return say('inconclusive', `${subject} cannot be compared with ${name}: ${reference.reason}`)
  const before = valueIn(reference, gate.metric, of)
  if (before === undefined || !Number.isFinite(before))
    return say('inconclusive', `${subject} cannot be compared with ${name}, of which it is not known`)
  if (gate.change === 'relative' && Math.abs(before) < tolerance)
    return say('inconclusive', `a relative change of ${subject} is not defined: it is 0 with ${name}`)
  const change = { kind: gate.change, against: name, candidate: value, reference: before }
  const difference = changeBetween(value, before, gate.change)
  const uncertainty =
    confidence === null ? null : changeUncertainty(candidate, reference, metric, gate.change, resampling)
  if (uncertainty === undefined)
    return say(
      'inconclusive',
      `the change of ${subject} is ${difference}, and nothing tells how sure that is: ${wanted(gate.metric)}`,
    )
  return { ...base, value: difference, change, uncertainty }
}

/** What is nearer than this to an edge, in proportion, lies on it: a mean of sevenths may come out one bit beside it. */
export const tolerance = 1e-12

/** What would decide it. */
const wanted = (metric: string): string =>
  findMetric(metric)?.family === 'model'
    ? 'per-example predictions would (an artifact called predictions)'
    : `${metric} is one measurement`

const ownUncertainty = (model: ModelEvidence, metric: { metric: string; of: string | null }, resampling: Resampling) =>
  model.answers === null
    ? model.evidence.confusion === null
      ? undefined
      : uncertaintyOfMatrix(model.evidence.confusion, metric, resampling)
    : uncertaintyOf(model.answers, metric, resampling)

const changeUncertainty = (
  candidate: ModelEvidence,
  reference: ModelEvidence,
  metric: { metric: string; of: string | null },
  change: 'absolute' | 'relative',
  resampling: Resampling,
) => {
  if (candidate.answers !== null && reference.answers !== null)
    return uncertaintyOfChange(candidate.answers, reference.answers, metric, change, resampling)
  const [a, b] = [matrixOf(candidate), matrixOf(reference)]
  return a === null || b === null ? undefined : uncertaintyOfMatrices(a, b, metric, change, resampling)
}

type Resampling = Parameters<typeof uncertaintyOf>[2]

/** The answers are believed before what was stated of them. */
const valueIn = ({ evidence, answers }: ModelEvidence, metric: string, of: string | null): number | undefined => {
  if (answers !== null && findMetric(metric)?.family === 'model') {
    const measured = measure(answers, { metric, of })
    if (measured !== undefined) return measured
  }
  // What the evidence withholds, because its sources contradict each other, is not had in another way.
  return of === null ? memberOf(evidence.metrics, metric) : memberOf(memberOf(evidence.perClass, metric) ?? {}, of)
}

/** How many examples it was measured on; of a class, how many there are of it. Null where that is not known. */
const examplesOf = (model: ModelEvidence, { metric }: MetricGate, of: string | null): number | null => {
  if (findMetric(metric)?.family !== 'model') return null
  if (model.answers?.kind === 'regression') return model.answers.predictions.rows
  const matrix = matrixOf(model)
  if (matrix === null) return null
  const rows = of === null ? matrix.rows : [matrix.rows[matrix.labels.indexOf(of)] ?? []]
  return rows.flat().reduce((sum, count) => sum + count, 0)
}

const subjectOf = ({ metric }: MetricGate, of: string | null, slice: string | null): string =>
  `${metric}${of === null ? '' : ` of ${of}`}${slice === null ? '' : ` where ${slice}`}`

const settle = (
  { metric }: MetricGate,
  of: string | null,
  slice: string | null,
  limit: GateCheck['limit'],
  outcome: GateCheck['outcome'],
  reason: string,
  examples: number | null = null,
): Settled => ({ settled: true, metric, of, slice, examples, limit, outcome, reason })

/** The member of a record that came from outside: `constructor` is as absent as any other. */
const memberOf = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined

/** FNV-1a over the name, from the policy's seed: what one gate draws does not depend on the gates before it. */
const seedOf = (seed: number, name: string): number => {
  let hash = (0x811c9dc5 ^ seed) | 0
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
