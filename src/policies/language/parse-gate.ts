import { didYouMean } from '../../declarations/describe-issue.ts'
import type { Place } from '../../declarations/load-yaml.ts'
import type { PlacedFault } from '../../declarations/placed-fault.ts'
import { parseDuration } from '../../domain/time.ts'
import { fewestRequests } from '../live/live-gates.ts'
import { checkFault, type ExpressionBudget, expressionBudget, spendOn } from './checks.ts'
import { parseLimit } from './limit-text.ts'
import { findMetric, labelledMetric, type Metric, metricNames, winnowSpelling } from './metrics.ts'
import type { ApprovalRule, Gate, MetricGate, Reference } from './policy.ts'
import type { ApprovalEntry, GateEntry } from './policy-schema.ts'

export type ParsedGate =
  | { readonly ok: true; readonly gate: Gate }
  | { readonly ok: false; readonly faults: readonly PlacedFault[] }

/** Keys that only a gate on a metric has. */
const ofMetrics = [
  'atLeast',
  'atMost',
  'between',
  'each',
  'against',
  'change',
  'confidence',
  'slices',
  'minExamples',
] as const

/** One gate as it is written → the gate, or each of its faults at its place. `own` are the pipeline's own metrics. */
export const parseGate = (
  name: string,
  entry: GateEntry,
  own: readonly string[],
  place: Place,
  budget: ExpressionBudget = expressionBudget(),
): ParsedGate => {
  const path = ['gates', name]
  const kinds = (['metric', 'check', 'require'] as const).filter((kind) => entry[kind] !== undefined)
  if (kinds.length !== 1) {
    const message =
      kinds.length === 0
        ? 'missing, expected what is asked: metric, check or require'
        : `expected one of ${kinds.join(' and ')}, got both`
    return { ok: false, faults: [place(kinds.length === 0 ? path : [...path, kinds[1] as string], message, 'key')] }
  }
  const kind = kinds[0] as 'metric' | 'check' | 'require'
  if (kind === 'metric') return parseMetricGate(name, entry, own, place)
  const faults = ofMetrics
    .filter((key) => entry[key] !== undefined)
    .map((key) => place([...path, key], `belongs to a metric, not to ${kind}`, 'key'))
  const { advisory } = entry
  if (entry.require !== undefined) {
    if (faults.length > 0) return { ok: false, faults }
    return { ok: true, gate: { kind: 'require', name, advisory, approvals: approvalRule(entry.require) } }
  }
  const expression = entry.check as string
  const fault = spendOn(expression, budget) ?? checkFault(expression)
  if (fault !== undefined) faults.push(place([...path, 'check'], fault))
  return faults.length > 0 ? { ok: false, faults } : { ok: true, gate: { kind: 'check', name, advisory, expression } }
}

export const approvalRule = ({ count, from, notAuthor, validFor }: ApprovalEntry): ApprovalRule => ({
  count,
  from,
  notAuthor,
  validFor: validFor === undefined ? null : (parseDuration(validFor) ?? null),
})

const parseMetricGate = (name: string, entry: GateEntry, own: readonly string[], place: Place): ParsedGate => {
  const path = ['gates', name]
  const metric = entry.metric as string
  const known = findMetric(metric)
  const faults: PlacedFault[] = []
  const fault = (key: string, message: string, at: 'key' | 'value' = 'value') =>
    faults.push(place([...path, key], message, at))
  if (known === undefined && !own.includes(metric)) fault('metric', unknownMetric(metric, own))

  const against = entry.against === undefined ? null : referenceOf(entry.against)
  if (against === undefined)
    fault('against', `expected champion, baseline or MODEL@ALIAS, got ${JSON.stringify(entry.against)}`)
  if (entry.change !== undefined && entry.against === undefined)
    fault('change', 'a change needs against: champion, baseline or MODEL@ALIAS', 'key')
  const isChange = entry.against !== undefined
  const limits = readLimits(entry, known, isChange, fault)
  if (limits === undefined && faults.length === 0)
    faults.push(place(path, 'missing, expected a limit: atLeast, atMost or between', 'key'))
  if (limits !== undefined) {
    checkLimits(limits, entry, metric, known, isChange, fault)
    if (limits.relative && entry.change === 'absolute')
      fault('change', 'a percentage is a relative change: leave change out, or write the limit as a number')
  }
  // Of a name that nobody knows, nothing is known that it could not do.
  if (known === undefined && own.includes(metric)) {
    if (entry.each !== undefined)
      fault('each', `${metric} is the pipeline's own and is known as one number only`, 'key')
    for (const key of ['confidence', 'slices'] as const)
      if (entry[key] !== undefined)
        fault(key, `${metric} is the pipeline's own: Winnow cannot tell it for parts of the examples`, 'key')
  } else if (known !== undefined) checkReach(entry, metric, known, fault)
  const live = known?.family === 'live'
  if (entry.minExamples !== undefined && entry.slices === undefined && entry.each === undefined && !live)
    fault('minExamples', 'is asked of parts: it needs slices or each', 'key')
  if (faults.length > 0 || limits === undefined) return { ok: false, faults }
  const gate: MetricGate = {
    kind: 'metric',
    name,
    advisory: entry.advisory,
    metric,
    atLeast: limits.atLeast,
    atMost: limits.atMost,
    each: entry.each ?? null,
    against: against ?? null,
    change: limits.relative ? 'relative' : (entry.change ?? 'absolute'),
    confidence: entry.confidence ?? null,
    slices: slicesOf(entry.slices),
    minExamples: entry.minExamples ?? (live ? fewestRequests : 1),
  }
  return { ok: true, gate }
}

type Complain = (key: string, message: string, at?: 'key' | 'value') => void

interface Limits {
  readonly atLeast: number | null
  readonly atMost: number | null
  readonly relative: boolean
}

/** Undefined where there is none, or one that cannot be read, which has been complained of. */
const readLimits = (
  entry: GateEntry,
  known: Metric | undefined,
  isChange: boolean,
  fault: Complain,
): Limits | undefined => {
  if (entry.between !== undefined)
    for (const key of ['atLeast', 'atMost'] as const)
      if (entry[key] !== undefined) fault(key, 'stands beside between, which sets both limits', 'key')
  const written = [
    { key: entry.between === undefined ? 'atLeast' : 'between', text: entry.between?.[0] ?? entry.atLeast },
    { key: entry.between === undefined ? 'atMost' : 'between', text: entry.between?.[1] ?? entry.atMost },
  ]
  const [low, high] = written.map(({ key, text }) => {
    if (text === undefined) return undefined
    const parsed = parseLimit(text, known?.unit ?? 'number', isChange)
    if (!parsed.ok)
      fault(key, `expected ${parsed.expected}, got ${typeof text === 'string' ? JSON.stringify(text) : text}`)
    return parsed
  })
  if ((low === undefined && high === undefined) || low?.ok === false || high?.ok === false) return undefined
  if (low !== undefined && high !== undefined && low.relative !== high.relative && low.value !== 0 && high.value !== 0)
    fault('atMost', 'expected both limits as percentages or neither')
  return {
    atLeast: low?.value ?? null,
    atMost: high?.value ?? null,
    relative: low?.relative === true || high?.relative === true,
  }
}

const checkLimits = (
  { atLeast, atMost }: Limits,
  entry: GateEntry,
  name: string,
  metric: Metric | undefined,
  isChange: boolean,
  fault: Complain,
): void => {
  const lowKey = entry.between === undefined ? 'atLeast' : 'between'
  const highKey = entry.between === undefined ? 'atMost' : 'between'
  if (atLeast !== null && atMost !== null && atLeast > atMost)
    fault(highKey, `expected at least ${atLeast}, got ${atMost}: nothing could pass`)
  if (metric === undefined) return
  if (!isChange) {
    const [lowest, highest] = metric.range
    for (const [key, value] of [
      [lowKey, atLeast],
      [highKey, atMost],
    ] as const)
      if (value !== null && (value < lowest || value > highest))
        fault(key, `expected ${rangeText(metric)}, as ${name} is, got ${value}`)
  }
  // A limit on the wrong side alone would let the worst model pass.
  if (metric.better === 'higher' && atLeast === null)
    fault('atMost', `higher ${name} is better: expected atLeast (atMost may stand beside it)`, 'key')
  if (metric.better === 'lower' && atMost === null)
    fault('atLeast', `lower ${name} is better: expected atMost (atLeast may stand beside it)`, 'key')
}

/** Whether the metric is had for each class, for slices, against others, with a confidence. */
const checkReach = (entry: GateEntry, name: string, metric: Metric, fault: Complain): void => {
  const { family, over } = metric
  if (entry.each !== undefined && over === 'whole')
    fault(
      'each',
      family === 'model'
        ? `${name} is one number over all classes; for each there are precision, recall, f1`
        : `${name} is one number`,
      'key',
    )
  if (entry.each === undefined && over === 'each')
    fault('metric', `${name} is had for each class: add each, or use ${macroOf(name)}`)
  if (family === 'model') return
  if (family === 'live') {
    checkLiveReach(entry, name, fault)
    return
  }
  for (const key of ['confidence', 'slices'] as const)
    if (entry[key] !== undefined) fault(key, `${name} is not measured on examples`, 'key')
  if (family === 'data' && entry.against !== undefined)
    fault(
      'against',
      `${name} is of the data, and is compared with the champion's data already where that is its meaning`,
      'key',
    )
}

/** `recall` → `macroRecall`, `live.recall` → `live.macroRecall` */
const macroOf = (name: string): string =>
  name.replace(/\w+$/, (last) => `macro${last[0]?.toUpperCase()}${last.slice(1)}`)

/** What is measured while a model serves is compared with what served beside it, and sure where it is a share or labelled. */
const checkLiveReach = (entry: GateEntry, name: string, fault: Complain): void => {
  const labelled = labelledMetric(name) !== undefined
  if (entry.slices !== undefined) fault('slices', `${name} is measured live, and not by parts`, 'key')
  if (entry.against !== undefined && entry.against !== 'champion')
    fault('against', `${name} is measured live: expected champion, which serves beside it`)
  if (entry.confidence !== undefined && !labelled && name !== 'live.errorRate')
    fault('confidence', `nothing tells how sure ${name} is; live.errorRate and labelled metrics take one`, 'key')
  if (name === 'live.requests' && entry.against !== undefined)
    fault('against', 'the traffic decides how many requests a model is given', 'key')
  if (name === 'live.predictionShift' && entry.against !== undefined)
    fault('against', `${name} is a comparison with the champion already`, 'key')
}

const referenceOf = (text: string): Reference | undefined => {
  if (text === 'champion' || text === 'baseline') return { kind: text }
  const [, model, alias] = /^([^@\s]+)@([A-Za-z0-9][A-Za-z0-9-]*)$/.exec(text) ?? []
  return model === undefined || alias === undefined ? undefined : { kind: 'model', model, alias }
}

const slicesOf = (written: GateEntry['slices']): MetricGate['slices'] => {
  if (written === undefined) return []
  return (typeof written === 'string' ? [written] : written).map((part) => (typeof part === 'string' ? [part] : part))
}

/** What to say of a metric that is neither Winnow's nor declared under `metrics`. */
export const unknownMetric = (metric: string, own: readonly string[]): string => {
  const spelling = winnowSpelling(metric)
  if (spelling !== undefined) return `unknown metric ${metric}, Winnow calls it ${spelling}`
  const hint = didYouMean(metric, [...metricNames, ...own])
  return hint === ''
    ? `unknown metric ${metric}; declare it under metrics if the pipeline logs it itself`
    : `unknown metric ${metric}${hint}`
}

const rangeText = ({ range: [lowest, highest] }: Metric): string => {
  if (highest === Number.POSITIVE_INFINITY) return `a number from ${lowest} up`
  return lowest === Number.NEGATIVE_INFINITY ? `a number up to ${highest}` : `a number from ${lowest} to ${highest}`
}
