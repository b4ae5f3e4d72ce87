import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { camel } from '../api/filter.ts'
import { statusError } from '../status.ts'

/** A field of a message, written `pipeline_spec` or `pipelineSpec`. */
export const fieldOf = (message: JsonObject, field: string): Json | undefined =>
  message[field] ?? message[camel(field)] ?? undefined

const wrong = (field: string, what: string): Error => statusError('INVALID_ARGUMENT', `${field} is not ${what}`)

/** The text in a field, '' where there is none. */
export const textField = (message: JsonObject, field: string, shown = field): string => {
  const value = fieldOf(message, field) ?? ''
  if (typeof value === 'string') return value
  throw wrong(shown, 'a text')
}

export const requiredField = (message: JsonObject, field: string, shown = field): string => {
  const value = textField(message, field, shown)
  if (value.trim() !== '') return value
  throw statusError('INVALID_ARGUMENT', `${shown} is required`)
}

/** The object in a field; undefined where there is none. */
export const objectField = (message: JsonObject, field: string, shown = field): JsonObject | undefined => {
  const value = fieldOf(message, field)
  if (value === undefined || isJsonObject(value)) return value
  throw wrong(shown, 'an object')
}

/** `{owner: "beans"}`: tags are texts by name. */
export const tagsField = (message: JsonObject, shown: string): Readonly<Record<string, string>> => {
  const tags = Object.entries(objectField(message, 'tags', shown) ?? {})
  for (const [name, value] of tags) if (typeof value !== 'string') throw wrong(`${shown}.${name}`, 'a text')
  return Object.fromEntries(tags) as Record<string, string>
}
