import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { statusError } from '../status.ts'
import { fieldOf } from './fields.ts'

/** What can be listed: texts and numbers by the names of the API. Times are texts of `Date.toISOString`. */
export type Row = Readonly<Record<string, string | number | undefined>>

/** The numbers of Kubeflow's predicate operations; clients send either. */
const operations = {
  EQUALS: 1,
  NOT_EQUALS: 2,
  GREATER_THAN: 3,
  GREATER_THAN_EQUALS: 5,
  LESS_THAN: 6,
  LESS_THAN_EQUALS: 7,
  IN: 8,
  IS_SUBSTRING: 9,
} as const
type Operation = keyof typeof operations
type Value = string | number

const fail = (why: string): Error => statusError('INVALID_ARGUMENT', `The filter ${why}`)

/** Clients send the filter's JSON as it is, or encoded for a URL once more. */
const parse = (text: string): Json => {
  try {
    return JSON.parse(text.trim().startsWith('{') ? text : decodeURIComponent(text)) as Json
  } catch {
    throw fail(
      'is not JSON: write {"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": "x"}]}',
    )
  }
}

const operationOf = (value: Json | undefined): Operation => {
  const found = (Object.keys(operations) as Operation[]).find((name) => name === value || operations[name] === value)
  if (found) return found
  throw fail(`has the operation ${JSON.stringify(value ?? null)}; it may be ${Object.keys(operations).join(', ')}`)
}

const timeOf = (value: Json): string => {
  const time = new Date(String(value))
  if (Number.isNaN(time.getTime())) throw fail(`has a timestamp that is none: ${JSON.stringify(value)}`)
  return time.toISOString()
}

const readers: Readonly<Record<string, (value: Json) => Value>> = {
  string_value: (value) => String(value),
  int_value: Number,
  long_value: Number,
  timestamp_value: timeOf,
}

const valuesOf = (predicate: JsonObject, key: string): readonly Value[] => {
  for (const [field, read] of Object.entries(readers)) {
    const value = fieldOf(predicate, field)
    if (value !== undefined) return [read(value)]
    const list = fieldOf(predicate, `${field}s`)
    if (isJsonObject(list) && Array.isArray(list['values'])) return list['values'].map(read)
  }
  throw fail(`gives no value for ${key}: write stringValue, intValue, timestampValue or stringValues`)
}

const holds = (operation: Operation, value: Value, wanted: readonly Value[]): boolean => {
  const [one = ''] = wanted
  switch (operation) {
    case 'EQUALS':
      return value === one
    case 'NOT_EQUALS':
      return value !== one
    case 'GREATER_THAN':
      return value > one
    case 'GREATER_THAN_EQUALS':
      return value >= one
    case 'LESS_THAN':
      return value < one
    case 'LESS_THAN_EQUALS':
      return value <= one
    case 'IN':
      return wanted.includes(value)
    case 'IS_SUBSTRING':
      return String(value).includes(String(one))
  }
}

/**
 * Kubeflow's filters: `{predicates: [{operation, key, string_value | int_value | timestamp_value | string_values}]}`,
 * all of which must hold. A fault is INVALID_ARGUMENT.
 */
export const parseFilter = (text: string, keys: readonly string[]): ((row: Row) => boolean) => {
  if (text.trim() === '') return () => true
  const filter = parse(text)
  const predicates = isJsonObject(filter) ? (filter['predicates'] ?? []) : null
  if (!Array.isArray(predicates)) throw fail('has no list of predicates')
  const tests = predicates.map((predicate: Json) => {
    if (!isJsonObject(predicate)) throw fail('has a predicate that is no object')
    const key = String(predicate['key'] ?? '')
    if (!keys.includes(key)) throw fail(`names the key ${JSON.stringify(key)}; it may be ${keys.join(', ')}`)
    const operation = operationOf(predicate['operation'] ?? predicate['op'])
    const wanted = valuesOf(predicate, key)
    return (row: Row) => holds(operation, row[key] ?? '', wanted)
  })
  return (row) => tests.every((test) => test(row))
}
