import type { Json } from '../../src/domain/json.ts'

/** JSON as google.protobuf.Value, for the vendor's clients. */
export const value = (json: Json | undefined): never => {
  if (json === null || json === undefined) return { nullValue: 'NULL_VALUE' } as never
  if (typeof json === 'number') return { numberValue: json } as never
  if (typeof json === 'string') return { stringValue: json } as never
  if (typeof json === 'boolean') return { boolValue: json } as never
  if (Array.isArray(json)) return { listValue: { values: json.map(value) } } as never
  return { structValue: struct(json) } as never
}

export const struct = (json: object): never =>
  ({ fields: Object.fromEntries(Object.entries(json).map(([key, member]) => [key, value(member as Json)])) }) as never
