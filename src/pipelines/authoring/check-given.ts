import { isJsonObject } from '../../domain/json.ts'
import { suggestName } from '../suggest-name.ts'
import { misuse } from './call-site.ts'
import { isOptional, typeOf } from './interface-spec.ts'
import type { Given, Source } from './program.ts'
import { givenOf, sourceOf, sourcesWithin } from './references.ts'
import type { Inputs, ValueType } from './types.ts'

const words: Record<ValueType['kind'], string> = {
  STRING: 'a string',
  NUMBER_INTEGER: 'an integer',
  NUMBER_DOUBLE: 'a double',
  BOOLEAN: 'a boolean',
  LIST: 'a list',
  STRUCT: 'a struct',
  TASK_FINAL_STATUS: 'a final status',
  ARTIFACT: 'an artifact',
  ARTIFACT_LIST: 'a list of artifacts',
}

export const typeWords = (type: ValueType): string =>
  'schema' in type ? `${words[type.kind]} of ${type.schema}` : words[type.kind]

/** As kfp has it: parameters of the same type, artifacts of the same schema; system.Artifact goes with any. */
const isCompatible = (given: ValueType, wanted: ValueType): boolean => {
  if (given.kind !== wanted.kind) return false
  if (!('schema' in given) || !('schema' in wanted)) return true
  return given.schema === wanted.schema || [given.schema, wanted.schema].includes('system.Artifact')
}

export const fitsLiteral = (value: unknown, type: ValueType): boolean => {
  switch (type.kind) {
    case 'STRING':
      return typeof value === 'string'
    case 'NUMBER_INTEGER':
      return Number.isSafeInteger(value)
    case 'NUMBER_DOUBLE':
      return typeof value === 'number'
    case 'BOOLEAN':
      return typeof value === 'boolean'
    case 'LIST':
      return Array.isArray(value)
    case 'STRUCT':
      return isJsonObject(value) && sourceOf(value) === undefined
    default:
      return false
  }
}

const describeLiteral = (value: unknown): string => {
  const text = typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** Nothing is known of what is in some lists and mappings; kfp lets that pass, too. */
const isUnknown = (source: Source): boolean => {
  if (source.kind === 'field') return source.item.type.kind !== 'STRUCT' || source.item.type.fields === undefined
  if (source.kind !== 'item' || 'raw' in source.loop.items) return false
  const { type } = source.loop.items.source
  return type.kind !== 'ARTIFACT_LIST' && (type.kind !== 'LIST' || type.item === undefined)
}

const checkOne = (value: unknown, type: ValueType, what: string): void => {
  if (type.kind === 'TASK_FINAL_STATUS') throw misuse(`${what} is filled in by the engine and cannot be given`)
  const source = sourceOf(value)
  if (source !== undefined && !isUnknown(source) && !isCompatible(source.type, type))
    throw misuse(`${what} takes ${typeWords(type)}, and is given ${typeWords(source.type)}`)
  if (source === undefined && !fitsLiteral(value, type))
    throw misuse(`${what} takes ${typeWords(type)}, and is given ${describeLiteral(value)}`)
  if (source === undefined)
    for (const inner of sourcesWithin(value))
      if ('schema' in inner.type)
        throw misuse(`${what} holds ${typeWords(inner.type)}; only parameters can be put into a value`)
}

/** The arguments of a call, each one known and of its type. */
export const checkGiven = (
  component: string,
  inputs: Inputs,
  given: Readonly<Record<string, unknown>>,
): Record<string, Given> => {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(inputs, name))
      throw misuse(`${component} has no input "${name}"${suggestName(name, Object.keys(inputs))}`)
  const checked: Record<string, Given> = {}
  for (const [name, input] of Object.entries(inputs)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined) {
      if (isOptional(input)) continue
      throw misuse(`${component} needs its input "${name}" (${typeWords(typeOf(input))})`)
    }
    checkOne(value, typeOf(input), `input "${name}" of ${component}`)
    checked[name] = givenOf(value)
  }
  return checked
}
