import type { Json, JsonObject } from '../../domain/json.ts'
import { type CheckFacts, nestedNames } from '../language/checks.ts'
import { findMetric, metricNames } from '../language/metrics.ts'
import { measure } from '../measures/measure.ts'
import { type Case, type ModelEvidence, matrixOf } from './case.ts'

/**
 * What the checks of a policy read: numbers by name (`metrics.macroF1`), of each class (`classes.BARBUNYA.recall`), of
 * the champion (`champion.macroF1`, empty where there is none), and of data, latency and model (`data.rows`; of a column
 * `data.columns.Area.missing`). Of what has to be measured on answers, only what an expression names.
 */
export const checkFactsOf = (
  { candidate, references }: Pick<Case, 'candidate' | 'references'>,
  expressions: readonly string[],
  known: { readonly change: JsonObject; readonly candidate: JsonObject },
): CheckFacts => {
  const text = expressions.join('\n')
  const champion = references['champion']
  const metrics = wholeNumbers(candidate, text)
  const { data, latency, model } = nestedNames(metrics)
  const columns = byColumn(candidate)
  return {
    metrics,
    classes: byClass(candidate, text),
    champion: champion?.kind === 'known' ? wholeNumbers(champion, text) : {},
    data: { ...(data as JsonObject | undefined), ...(Object.keys(columns).length === 0 ? {} : { columns }) },
    latency: (latency as JsonObject | undefined) ?? {},
    model: (model as JsonObject | undefined) ?? {},
    change: known.change,
    candidate: known.candidate,
  }
}

const modelMetrics = metricNames.filter((name) => findMetric(name)?.family === 'model')

/** As gates do, answers are believed before what was stated of them. */
const wholeNumbers = ({ evidence, answers }: ModelEvidence, text: string): Record<string, number> => {
  const numbers = new Map(Object.entries(evidence.metrics))
  if (answers !== null)
    for (const metric of modelMetrics) {
      const value =
        findMetric(metric)?.over === 'each' || !text.includes(metric)
          ? undefined
          : measure(answers, { metric, of: null })
      if (value !== undefined) numbers.set(metric, value)
    }
  return Object.fromEntries([...numbers].filter(([, value]) => Number.isFinite(value)))
}

const byClass = (model: ModelEvidence, text: string): JsonObject => {
  const { evidence, answers } = model
  const classes = new Map<string, Map<string, Json>>()
  const set = (of: string, metric: string, value: number | undefined): void => {
    if (value === undefined || !Number.isFinite(value)) return
    const numbers = classes.get(of) ?? new Map<string, Json>()
    classes.set(of, numbers.set(metric, value))
  }
  for (const [metric, values] of Object.entries(evidence.perClass))
    if (findMetric(metric)?.family !== 'data') for (const [of, value] of Object.entries(values)) set(of, metric, value)
  if (answers?.kind === 'classification' && /\bclasses\b/.test(text))
    for (const of of matrixOf(model)?.labels ?? [])
      for (const metric of modelMetrics)
        if (findMetric(metric)?.over !== 'whole' && text.includes(metric))
          set(of, metric, measure(answers, { metric, of }))
  return Object.fromEntries([...classes].map(([of, numbers]) => [of, Object.fromEntries(numbers)]))
}

const byColumn = ({ evidence }: ModelEvidence): JsonObject => {
  const columns = new Map<string, Map<string, Json>>()
  for (const [metric, values] of Object.entries(evidence.perClass))
    if (metric.startsWith('data.'))
      for (const [column, value] of Object.entries(values))
        columns.set(column, (columns.get(column) ?? new Map<string, Json>()).set(metric.slice(5), value))
  return Object.fromEntries([...columns].map(([column, numbers]) => [column, Object.fromEntries(numbers)]))
}
