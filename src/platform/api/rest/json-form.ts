import { isJsonObject, type Json, type JsonObject } from '../../../domain/json.ts'
import { nearestName } from '../../../domain/nearest-name.ts'
import type { Message } from '../../services.ts'
import { statusError } from '../../status.ts'
import { type ApiVersion, inVersion } from '../api-version.ts'
import type { Field, Schema } from '../schema.ts'
import { readScalar, writeScalar } from './scalars.ts'
import { freeForms, isWrapper, wellKnown } from './well-known.ts'

/** Translates between protobuf's JSON, which REST clients speak, and the plain JSON of services.ts. */
export interface JsonForm {
  /** Names in camelCase or snake_case. INVALID_ARGUMENT with the place for what the message has no field for. */
  read(type: string, json: JsonObject, at?: string): Message
  /** Leaves out what is empty, as Google does. */
  write(type: string, message: Message): JsonObject
}

const any = 'google.protobuf.Any'
const typeOf = (url: unknown): string => inVersion(String(url).slice(String(url).lastIndexOf('/') + 1), 'v1')

export const createJsonForm = (schema: Schema, version: ApiVersion = 'v1'): JsonForm => {
  const read = (type: string, json: JsonObject, at = ''): Message =>
    Object.fromEntries(
      Object.entries(json).flatMap(([written, value]): [string, Json][] => {
        const { name, field } = fieldOf(schema, type, written, at)
        const place = at === '' ? written : `${at}.${written}`
        // Null stands for a field that is not set, but Value has a null of its own.
        if (value === undefined || (value === null && (field.type !== 'google.protobuf.Value' || field.repeated)))
          return []
        return [[name, readField(field, value, place)]]
      }),
    )

  const readField = (field: Field, value: Json, at: string): Json => {
    if (field.map) {
      if (!isJsonObject(value)) throw wrong(at, value, 'an object')
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, readOne(field, item ?? null, `${at}.${key}`)]),
      )
    }
    if (!field.repeated) return readOne(field, value, at)
    if (!Array.isArray(value)) throw wrong(at, value, 'a list')
    return value.map((item, index) => readOne(field, item, `${at}[${index}]`))
  }

  const readOne = ({ type, kind }: Field, value: Json, at: string): Json => {
    if (kind !== 'message') {
      const scalar = readScalar(type, value, schema)
      if (scalar === undefined) throw wrong(at, value, expected(type, schema))
      return scalar
    }
    if (freeForms.has(type)) return readFree(type, value, at)
    if (isWrapper(type)) return { value: readField(schema.fields(type)?.get('value') as Field, value, at) }
    const form = wellKnown[type]
    if (form) {
      const told = typeof value === 'string' ? form.read(value) : undefined
      if (told === undefined) throw wrong(at, value, expected(type, schema))
      return told
    }
    if (!isJsonObject(value)) throw wrong(at, value, 'an object')
    return type === any ? readAny(value, at) : read(type, value, at)
  }

  const readAny = (value: JsonObject, at: string): Json => {
    const { '@type': url, ...rest } = value
    const type = typeOf(url)
    if (typeof url !== 'string' || !schema.fields(type)) throw wrong(`${at}.@type`, url ?? null, 'a known type')
    return { '@type': `type.googleapis.com/${type}`, ...read(type, rest, at) }
  }

  const write = (type: string, message: Message): JsonObject => {
    if (type === any) {
      const { '@type': url, ...rest } = message
      const inner = typeOf(url)
      return { '@type': `type.googleapis.com/${inVersion(inner, version)}`, ...write(inner, rest) }
    }
    const fields = schema.fields(type)
    return Object.fromEntries(
      Object.entries(message).flatMap(([name, value]): [string, Json][] => {
        const field = fields?.get(name)
        if (!field || value === undefined || (value === null && field.type !== 'google.protobuf.Value')) return []
        return isEmpty(field, value, schema) ? [] : [[name, writeField(field, value)]]
      }),
    )
  }

  const writeField = (field: Field, value: Json): Json => {
    if (field.map)
      return Object.fromEntries(
        Object.entries(value as JsonObject).map(([key, item]) => [key, writeOne(field, item ?? null)]),
      )
    return field.repeated ? (value as readonly Json[]).map((item) => writeOne(field, item)) : writeOne(field, value)
  }

  const writeOne = ({ type, kind }: Field, value: Json): Json => {
    if (kind !== 'message') return writeScalar(type, value)
    if (freeForms.has(type) || value === null) return value
    const form = wellKnown[type]
    if (form) return form.write(value as JsonObject)
    if (!isWrapper(type)) return write(type, value as Message)
    const inner = schema.fields(type)?.get('value') as Field
    return writeScalar(inner.type, (value as JsonObject)['value'] ?? null)
  }

  return { read, write }
}

/** The field that a name stands for in either spelling. */
export const fieldOf = (
  schema: Schema,
  type: string,
  written: string,
  at: string,
): { readonly name: string; readonly field: Field } => {
  const fields = schema.fields(type) ?? new Map<string, Field>()
  const name = fields.has(written) ? written : camel(written)
  const field = fields.get(name)
  if (field) return { name, field }
  const near = nearestName(written, [...fields.keys()])
  const where = at === '' ? '' : ` at '${at}'`
  throw statusError(
    'INVALID_ARGUMENT',
    `Unknown name "${written}"${where}: ${type.slice(type.lastIndexOf('.') + 1)} has no such field${near === undefined ? '' : `; did you mean ${near}?`}`,
  )
}

const readFree = (type: string, value: Json, at: string): Json => {
  if (type === 'google.protobuf.Struct' && !isJsonObject(value)) throw wrong(at, value, 'an object')
  if (type === 'google.protobuf.ListValue' && !Array.isArray(value)) throw wrong(at, value, 'a list')
  return value
}

/** What an absent field stands for is not written; an enum's value 0 is absence, too. */
const isEmpty = ({ type, map, repeated, presence }: Field, value: Json, schema: Schema): boolean => {
  if (map) return Object.keys(value as JsonObject).length === 0
  if (repeated) return (value as readonly Json[]).length === 0
  if (presence) return false
  if (value === false || value === '') return true
  if (type === 'string') return false
  return value === 0 || value === '0' || schema.values(type)?.get(String(value)) === 0
}

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const forms: Readonly<Record<string, string>> = {
  string: 'a text',
  bool: 'true or false',
  bytes: 'a text in base64',
  double: 'a number',
  float: 'a number',
  'google.protobuf.Timestamp': 'a time such as 2026-01-31T12:00:00Z',
  'google.protobuf.Duration': 'a duration such as 3.5s',
  'google.protobuf.FieldMask': 'names of fields with commas between them',
}

const expected = (type: string, schema: Schema): string => {
  const values = schema.values(type)
  if (values) return `one of ${[...values.keys()].join(', ')}`
  return forms[type] ?? `a whole number (${type})`
}

const wrong = (at: string, value: Json, wanted: string): Error => {
  const shown = JSON.stringify(value)
  const short = shown.length > 80 ? `${shown.slice(0, 77)}...` : shown
  return statusError('INVALID_ARGUMENT', `Invalid value at '${at}': ${short} is not ${wanted}`)
}
