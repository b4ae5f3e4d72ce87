import { didYouMean } from '../declarations/describe-issue.ts'
import { loadYaml, type Place } from '../declarations/load-yaml.ts'
import { notAvailable } from '../declarations/not-yet.ts'
import { type PlacedFault, sortFaults } from '../declarations/placed-fault.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import { findMetric, isFutureMetric, type Metric, metricNames, winnowSpelling } from './metrics.ts'
import { type GateEntry, PolicyFile } from './policy-schema.ts'

/** A gate: a metric and its limits, both inclusive. At least one limit is set. */
export interface Gate {
  readonly name: string
  readonly metric: string
  readonly atLeast: number | null
  readonly atMost: number | null
  /** The target column, where the limits hold for each of its classes. */
  readonly each: string | null
}

export interface Policy {
  readonly version: 1
  readonly model: string
  /** In the file's order; never empty. */
  readonly gates: readonly Gate[]
  /** What to do about a refused candidate; null: nothing. `attempts` counts the retrained runs, the first run not. */
  readonly retrain: { readonly attempts: number; readonly parameters: JsonObject } | null
}

export type ParsedPolicy =
  | { readonly ok: true; readonly value: Policy }
  | { readonly ok: false; readonly faults: readonly PlacedFault[] }

/**
 * Reads a policy; `file` is the name that faults are placed with. Never throws, and understands a policy whole or not at
 * all, so that no gate passes because part of it was not understood. `model` is the one that the policy must be for,
 * where that is known.
 */
export const parsePolicy = (text: string, file: string, model?: string): ParsedPolicy => {
  const loaded = loadYaml(text, file, PolicyFile)
  if (!loaded.ok) return loaded
  const { value: written, place } = loaded
  const retrain = written.otherwise.retrain
  const faults = [
    ...(model === undefined || written.model === model
      ? []
      : [place(['model'], `expected ${model}, the pipeline's model, got ${JSON.stringify(written.model)}`)]),
    ...ownMetricFaults(written.metrics, place),
    ...Object.entries(written.gates).flatMap(([name, gate]) => gateFaults(name, gate, written.metrics, place)),
    ...expressionFaults(retrain?.parameters ?? {}, place),
  ]
  if (faults.length > 0) return { ok: false, faults: sortFaults(faults) }
  return {
    ok: true,
    value: {
      version: 1,
      model: written.model,
      gates: Object.entries(written.gates).map(([name, gate]) => ({
        name,
        // gateFaults has seen to it that there is one.
        metric: gate.metric as string,
        atLeast: gate.atLeast ?? null,
        atMost: gate.atMost ?? null,
        each: gate.each ?? null,
      })),
      retrain:
        retrain === undefined ? null : { attempts: retrain.attempts, parameters: retrain.parameters as JsonObject },
    },
  }
}

const ownMetricFaults = (own: readonly string[], place: Place): readonly PlacedFault[] =>
  own.flatMap((name, i) => {
    const at = (message: string) => [place(['metrics', i], message)]
    if (findMetric(name) !== undefined) return at(`${name} is a metric that Winnow knows; it needs no declaration`)
    const known = winnowSpelling(name)
    if (known !== undefined) return at(`Winnow calls this ${known}, which needs no declaration`)
    if (own.indexOf(name) !== i) return at(`${name} is declared already`)
    return []
  })

const gateFaults = (name: string, gate: GateEntry, own: readonly string[], place: Place): readonly PlacedFault[] => {
  const path = ['gates', name]
  const faults: PlacedFault[] = []
  const { metric, atLeast, atMost } = gate
  if (metric === undefined) faults.push(place(path, 'missing, expected what is measured: metric', 'key'))
  if (atLeast === undefined && atMost === undefined)
    faults.push(place(path, 'missing, expected a limit: atLeast, atMost or both', 'key'))
  if (atLeast !== undefined && atMost !== undefined && atLeast > atMost)
    faults.push(place([...path, 'atMost'], `expected at least ${atLeast}, got ${atMost}: nothing could pass`))
  if (metric === undefined) return faults

  const known = findMetric(metric)
  if (known !== undefined) return [...faults, ...knownMetricFaults(path, gate, metric, known, place)]
  if (!own.includes(metric)) faults.push(place([...path, 'metric'], unknownMetric(metric, own)))
  else if (gate.each !== undefined)
    faults.push(place([...path, 'each'], `${metric} is the pipeline's own and is known as one number only`, 'key'))
  return faults
}

const unknownMetric = (metric: string, own: readonly string[]): string => {
  const spelling = winnowSpelling(metric)
  if (spelling !== undefined) return `unknown metric ${metric}, Winnow calls it ${spelling}`
  if (isFutureMetric(metric)) return `${metric} is ${notAvailable}`
  const hint = didYouMean(metric, [...metricNames, ...own])
  return hint === ''
    ? `unknown metric ${metric}; declare it under metrics if the pipeline logs it itself`
    : `unknown metric ${metric}${hint}`
}

const knownMetricFaults = (
  path: readonly string[],
  gate: GateEntry,
  name: string,
  metric: Metric,
  place: Place,
): readonly PlacedFault[] => {
  const faults: PlacedFault[] = []
  const [lowest, highest] = metric.range
  for (const key of ['atLeast', 'atMost'] as const) {
    const limit = gate[key]
    if (limit !== undefined && (limit < lowest || limit > highest))
      faults.push(place([...path, key], `expected ${rangeText(metric)}, as ${name} is, got ${limit}`))
  }
  // A limit on the wrong side alone would let the worst model pass.
  if (metric.better === 'higher' && gate.atLeast === undefined && gate.atMost !== undefined)
    faults.push(
      place([...path, 'atMost'], `higher ${name} is better: expected atLeast (atMost may stand beside it)`, 'key'),
    )
  if (metric.better === 'lower' && gate.atMost === undefined && gate.atLeast !== undefined)
    faults.push(
      place([...path, 'atLeast'], `lower ${name} is better: expected atMost (atLeast may stand beside it)`, 'key'),
    )
  if (gate.each !== undefined && metric.over === 'whole')
    faults.push(
      place(
        [...path, 'each'],
        `${name} is one number over all classes; for each there are precision, recall, f1`,
        'key',
      ),
    )
  if (gate.each === undefined && metric.over === 'each')
    faults.push(
      place(
        [...path, 'metric'],
        `${name} is had for each class: add each, or use macro${name[0]?.toUpperCase()}${name.slice(1)}`,
      ),
    )
  return faults
}

const rangeText = ({ range: [lowest, highest] }: Metric): string => {
  if (highest === Number.POSITIVE_INFINITY) return `a number from ${lowest} up`
  return lowest === Number.NEGATIVE_INFINITY ? `a number up to ${highest}` : `a number from ${lowest} to ${highest}`
}

/** Parameters that follow from the run before (`previous * 2`) would reach the pipeline as text. */
const expressionFaults = (parameters: Readonly<Record<string, Json>>, place: Place): readonly PlacedFault[] =>
  Object.entries(parameters).flatMap(([name, value]) =>
    typeof value === 'string' && /\bprevious\b/.test(value)
      ? [place(['otherwise', 'retrain', 'parameters', name], `an expression over the previous run is ${notAvailable}`)]
      : [],
  )
