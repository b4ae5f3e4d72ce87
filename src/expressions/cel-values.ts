import type { Json } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'

/**
 * A value as CEL has it: ints are bigints. A number is a double where it is declared one (`NUMBER_DOUBLE`, as pipelines
 * call it) or has a fraction.
 */
export const celValue = (value: Json | undefined, type?: string): unknown => {
  if (typeof value === 'number') return type !== 'NUMBER_DOUBLE' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map((item: Json) => celValue(item))
  if (isJsonObject(value)) return celMap(value)
  return value ?? null
}

/** A mapping as CEL has it, without the members that have no value. */
export const celMap = (values: Readonly<Record<string, Json | undefined>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, celValue(value)]])),
  )

/** What CEL gives, as JSON; undefined for what JSON does not have, such as bytes and types. */
export const jsonValue = (value: unknown): Json | undefined => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) {
    const items = value.map(jsonValue)
    return items.includes(undefined) ? undefined : (items as Json)
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return undefined
  return Object.fromEntries(Object.entries(value as object).map(([name, item]) => [name, jsonValue(item)]))
}
