import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { digestJson, shortDigest } from '../../domain/digest.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { Predictions } from '../../policies/predictions/predictions.ts'
import { createTableFaults, shown } from '../tables/table-faults.ts'
import type { Cell } from '../tables/table-row.ts'
import { createPredictionsTable } from './predictions-table.ts'

/**
 * Reads the lines `{instance, prediction}` of a batch prediction, or local AutoML's own `{label, predicted, p_<class>,
 * instance}`. An example is named by its content, so that two models' answers to the same examples can be laid side by
 * side in whatever order they came. A class that the model does not know has probability 0. Fault `predictions_invalid`.
 */
export const readScored = async (
  paths: readonly string[],
  label: string,
  signal?: AbortSignal,
): Promise<Predictions> => {
  const name = paths[0] ?? 'the batch prediction'
  const faults = createTableFaults((at) => (at === null ? name : `${name}:${at}`))
  const labels = new Set<string>()
  let first: Scored | undefined
  for await (const { line } of linesOf(paths, signal)) {
    const scored = scoredOf(line, label)
    if (typeof scored === 'string') continue
    first ??= scored
    if (scored.truth !== null) labels.add(String(scored.truth))
  }
  const table = createPredictionsTable('label', faults)
  const classes = first?.classes ? [...new Set([...first.classes.keys(), ...labels])].sort() : null
  const columns = Object.keys(first?.instance ?? {}).filter((column) => column !== label && !isTaken(column))
  table.header(['id', 'label', ...(classes?.map((one) => `p_${one}`) ?? ['predicted']), ...columns])
  const seen = new Map<string, number>()
  for await (const { line, at } of linesOf(paths, signal)) {
    const scored = scoredOf(line, label)
    if (typeof scored === 'string') {
      faults.add(at, null, scored)
      continue
    }
    const { instance, truth, classes: scores, value } = scored
    const key = contentKey({ ...instance, [label]: truth })
    const times = (seen.get(key) ?? 0) + 1
    seen.set(key, times)
    const answers = classes === null ? [value] : classes.map((one) => scores?.get(one) ?? 0)
    const others = columns.map((column) => cellOf(instance[column]))
    table.row([times === 1 ? key : `${key}#${times}`, truth, ...answers, ...others], at)
  }
  return table.finish()
}

async function* linesOf(paths: readonly string[], signal?: AbortSignal) {
  for (const path of paths) {
    let at = 0
    const input = createReadStream(path, { encoding: 'utf8', ...(signal ? { signal } : {}) })
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      at += 1
      if (line.trim() !== '') yield { line, at }
    }
  }
}

interface Scored {
  readonly instance: JsonObject
  readonly truth: Cell
  /** Of each class; undefined where the model answers one value. */
  readonly classes: ReadonlyMap<string, number> | undefined
  readonly value: Cell
}

/** What a line says, or why it cannot be understood. */
const scoredOf = (line: string, label: string): Scored | string => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return `expected a JSON object: ${(error as Error).message}`
  }
  if (!isJsonObject(value) || !isJsonObject(value['instance']))
    return `expected {"instance": {…}, "prediction": …}, got ${shown(value)}`
  const { instance, prediction } = value
  const truth = cellOf(prediction === undefined ? value['label'] : instance[label])
  const answer = prediction === undefined ? flatAnswer(value) : answerOf(prediction)
  return typeof answer === 'string' ? answer : { instance, truth, ...answer }
}

type Answer = Pick<Scored, 'classes' | 'value'>

const flatAnswer = (line: JsonObject): Answer => {
  const scores = Object.entries(line).flatMap(([name, score]): [string, number][] =>
    name.startsWith('p_') && typeof score === 'number' ? [[name.slice(2), score]] : [],
  )
  return { classes: scores.length > 0 ? new Map(scores) : undefined, value: cellOf(line['predicted']) }
}

const answerOf = (prediction: Json): Answer | string => {
  if (typeof prediction === 'string' || typeof prediction === 'number') return { classes: undefined, value: prediction }
  if (!isJsonObject(prediction))
    return `expected a class with its scores or a value as prediction, got ${shown(prediction)}`
  const names = prediction['classes'] ?? prediction['displayNames']
  const scores = prediction['scores'] ?? prediction['confidences']
  if (Array.isArray(names) && Array.isArray(scores) && names.length === scores.length)
    return { classes: new Map(names.map((name, k) => [String(name), Number(scores[k])])), value: null }
  const value = cellOf(prediction['value'])
  return value === null
    ? `expected {"classes", "scores"} or {"value"} as prediction, got ${shown(prediction)}`
    : { classes: undefined, value }
}

const cellOf = (value: Json | undefined): Cell => {
  if (value === undefined) return null
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : value
}

const isTaken = (column: string): boolean => /^(id|label|predicted|[pq]_.*)$/.test(column)

/** Equal for the same example, however its numbers are written. */
const contentKey = (example: JsonObject): string =>
  shortDigest(
    digestJson(Object.fromEntries(Object.entries(example).map(([name, value]) => [name, plain(value ?? null)]))),
  )

const plain = (value: Json): Json => {
  if (typeof value !== 'string') return value === null ? '' : typeof value === 'object' ? value : String(value)
  const text = value.trim()
  return text !== '' && Number.isFinite(Number(text)) ? String(Number(text)) : text
}
