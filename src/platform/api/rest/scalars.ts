import type { Json } from '../../../domain/json.ts'
import type { Schema } from '../schema.ts'

const limits: Readonly<Record<string, readonly [low: bigint, high: bigint]>> = {
  32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
}
const widths: Readonly<Record<string, string>> = {
  ...{ int32: '32', sint32: '32', sfixed32: '32', uint32: 'u32', fixed32: 'u32' },
  ...{ int64: '64', sint64: '64', sfixed64: '64', uint64: 'u64', fixed64: 'u64' },
}

/** A scalar or enum as protobuf's JSON may have it: numbers as texts, enums by name or number. Undefined where it is none. */
export const readScalar = (type: string, value: Json, schema: Schema): Json | undefined => {
  if (type === 'string') return typeof value === 'string' ? value : undefined
  if (type === 'bool') return asBoolean(value)
  if (type === 'bytes') return typeof value === 'string' ? asBase64(value) : undefined
  if (type === 'double' || type === 'float') return asDouble(value)
  const width = widths[type]
  return width === undefined ? asEnum(type, value, schema) : asInteger(width, value)
}

/** What JSON can't hold as a number goes out as a text. */
export const writeScalar = (type: string, value: Json): Json => {
  if (typeof value !== 'number') return value
  if (widths[type]?.endsWith('64')) return String(value)
  return Number.isFinite(value) ? value : String(value)
}

const asBoolean = (value: Json): boolean | undefined => {
  if (typeof value === 'boolean') return value
  return value === 'true' ? true : value === 'false' ? false : undefined
}

const asDouble = (value: Json): number | undefined => {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isNaN(number) && value !== 'NaN' ? undefined : number
}

const asInteger = (width: string, value: Json): Json | undefined => {
  // A number past 2^53 is no longer what was written.
  const whole = typeof value === 'number' ? Number.isSafeInteger(value) : /^-?\d{1,20}$/.test(String(value))
  if (!whole || typeof value === 'boolean' || Array.isArray(value)) return undefined
  const [low, high] = limits[width] as readonly [bigint, bigint]
  const number = BigInt(value as string | number)
  if (number < low || number > high) return undefined
  return width.endsWith('64') ? String(number) : Number(number)
}

const asEnum = (type: string, value: Json, schema: Schema): string | undefined => {
  const values = schema.values(type)
  if (typeof value === 'string' && values?.has(value)) return value
  const number = typeof value === 'number' || /^\d+$/.test(String(value)) ? Number(value) : undefined
  return [...(values ?? [])].find(([, known]) => known === number)?.[0]
}

const asBase64 = (text: string): string | undefined =>
  /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) ? Buffer.from(text, 'base64url').toString('base64') : undefined
