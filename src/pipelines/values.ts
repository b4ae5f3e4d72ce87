import type { Json } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'
import type { ParameterType } from './execution.ts'
import type { ParameterDefinition } from './ir.ts'

const ofSchema200: Readonly<Record<string, ParameterType>> = {
  INT: 'NUMBER_INTEGER',
  DOUBLE: 'NUMBER_DOUBLE',
  STRING: 'STRING',
}

const known: ReadonlySet<string> = new Set<ParameterType>([
  'STRING',
  'NUMBER_INTEGER',
  'NUMBER_DOUBLE',
  'BOOLEAN',
  'LIST',
  'STRUCT',
  'TASK_FINAL_STATUS',
])

/** The declared type of a parameter; undefined where the spec names none, or one that we don't know: any value goes. */
export const declaredType = (definition: ParameterDefinition | undefined): ParameterType | undefined => {
  const named = definition?.parameterType
  if (named !== undefined && known.has(named)) return named as ParameterType
  return definition?.type === undefined ? undefined : ofSchema200[definition.type]
}

/** How a value reads inside a text, such as a command line: strings as they are, everything else as JSON. */
export const valueText = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)

/** What a value is, in words for a message. */
export const describeValue = (value: Json): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const text = JSON.stringify(value)
  return `the ${typeof value} ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`
}

export type Conversion = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string }

const converted = (value: Json): Conversion => ({ ok: true, value })
const refused = (value: Json, wanted: string): Conversion => ({
  ok: false,
  reason: `expected ${wanted}, got ${describeValue(value)}`,
})

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

const toNumber = (value: Json): number | undefined => {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isNaN(number) ? undefined : number
}

/**
 * A value as the declared type wants it. Texts become numbers, booleans, lists and mappings where they spell one
 * (output files and filled-in texts are texts), other values become texts; nothing is rounded and no int becomes a float.
 */
export const convertParameter = (value: Json, type: ParameterType | undefined): Conversion => {
  if (value === null || type === undefined) return converted(value)
  switch (type) {
    case 'STRING':
      return converted(typeof value === 'string' ? value : JSON.stringify(value))
    case 'NUMBER_INTEGER': {
      const number = toNumber(value)
      return number !== undefined && Number.isInteger(number) ? converted(number) : refused(value, 'a whole number')
    }
    case 'NUMBER_DOUBLE': {
      const number = toNumber(value)
      return number === undefined ? refused(value, 'a number') : converted(number)
    }
    case 'BOOLEAN': {
      if (typeof value === 'boolean') return converted(value)
      if (value === 'true' || value === 'True') return converted(true)
      if (value === 'false' || value === 'False') return converted(false)
      return refused(value, 'true or false')
    }
    case 'LIST': {
      const list = typeof value === 'string' ? parsed(value) : value
      return Array.isArray(list) ? converted(list as Json) : refused(value, 'a list')
    }
    case 'STRUCT':
    case 'TASK_FINAL_STATUS': {
      const struct = typeof value === 'string' ? parsed(value) : value
      return isJsonObject(struct) ? converted(struct as Json) : refused(value, 'a mapping')
    }
  }
}

/** A runtime parameter must already have its type: only an int where a double is declared is taken as it is. */
export const checkParameter = (value: Json, type: ParameterType | undefined): Conversion => {
  if (type !== undefined && type !== 'STRING' && typeof value === 'string') {
    return refused(value, wordsFor[type])
  }
  if (type === 'STRING' && value !== null && typeof value !== 'string') return refused(value, wordsFor.STRING)
  return convertParameter(value, type)
}

const wordsFor: Readonly<Record<ParameterType, string>> = {
  STRING: 'a string',
  NUMBER_INTEGER: 'a whole number',
  NUMBER_DOUBLE: 'a number',
  BOOLEAN: 'true or false',
  LIST: 'a list',
  STRUCT: 'a mapping',
  TASK_FINAL_STATUS: 'a mapping',
}

/** `3s`, `1.5s` (protobuf's JSON of a Duration) in milliseconds; undefined where there is none. */
export const durationMs = (text: string | undefined): number | undefined => {
  const seconds = text === undefined ? undefined : /^(\d+(?:\.\d+)?)s$/.exec(text)?.[1]
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000)
}
