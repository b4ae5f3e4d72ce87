import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { ParameterType } from './execution.ts'

// Schema 2.0.0 writes a value with its type: `{stringValue: "a"}`, `{intValue: "3"}`, `{doubleValue: 0.5}`.

/** A value without that wrapping; anything else as it is. */
export const plainValue = (value: Json): Json => {
  if (!isJsonObject(value)) return value
  const keys = Object.keys(value)
  const [kind] = keys
  if (keys.length !== 1) return value
  if (kind === 'intValue') return Number(value[kind])
  return kind === 'stringValue' || kind === 'doubleValue' ? (value[kind] ?? null) : value
}

/** A value as executors of schema 2.0.0 read it; what that schema has no type for travels as JSON text. */
export const typedValue = (value: Json, type: ParameterType | undefined): JsonObject => {
  if (typeof value === 'number') {
    // An int64 is a text in protobuf's JSON.
    return type === 'NUMBER_INTEGER' ? { intValue: String(value) } : { doubleValue: value }
  }
  return { stringValue: typeof value === 'string' ? value : JSON.stringify(value) }
}

/** What JSON.stringify writes as the text itself (a proposal that Node has and TypeScript's library does not). */
const rawJson = (text: string): Json => (JSON as unknown as { rawJSON: (text: string) => Json }).rawJSON(text)

/** A whole number that is declared a double, as something that JSON.stringify writes with its point: `2.0`, a float to Python. */
export const doubleJson = (value: Json, type: ParameterType | undefined): Json =>
  type === 'NUMBER_DOUBLE' && Number.isInteger(value) && !/[.e]/.test(String(value)) ? rawJson(`${value}.0`) : value
