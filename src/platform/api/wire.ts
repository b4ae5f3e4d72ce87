import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { Message } from '../services.ts'
import { type ApiVersion, inVersion } from './api-version.ts'
import type { Field, Schema } from './schema.ts'

/** What protobufjs takes and gives: Struct as `{fields}`, Value as `{stringValue}`, Any as `{type_url, value}`. */
export type WireMessage = Readonly<Record<string, unknown>>

export interface Wire {
  toWire(type: string, message: Message): WireMessage
  fromWire(type: string, message: WireMessage): Message
}

/** Encodes and decodes a message of a full type name. */
export interface Codec {
  encode(type: string, message: WireMessage): Uint8Array
  decode(type: string, bytes: Uint8Array): WireMessage
}

const anyPrefix = 'type.googleapis.com/'
const typeOf = (url: unknown): string => inVersion(String(url).slice(String(url).lastIndexOf('/') + 1), 'v1')

/** Translates between the plain JSON of services.ts and protobufjs' form, field by field as the schema says. */
export const createWire = (schema: Schema, codec: Codec, version: ApiVersion = 'v1'): Wire => {
  const toWire = (type: string, message: Message): WireMessage => {
    const special = writers[type]
    if (special) return special(message) as WireMessage
    if (type === 'google.protobuf.Any') return packAny(message)
    return convert(type, message, (field, value) =>
      field.kind === 'message'
        ? value === null && field.type !== 'google.protobuf.Value'
          ? undefined
          : (writers[field.type]?.(value as Json) ?? toWire(field.type, value as Message))
        : (value ?? undefined),
    )
  }

  const fromWire = (type: string, message: WireMessage): Message => {
    if (type === 'google.protobuf.Any') return unpackAny(message)
    return convert(type, message, (field, value) => {
      if (field.kind === 'bytes') return Buffer.from(value as Uint8Array).toString('base64')
      if (field.kind === 'scalar') return value
      const read = readers[field.type]
      return read ? read(value as WireMessage) : fromWire(field.type, value as WireMessage)
    }) as Message
  }

  const convert = (type: string, message: WireMessage, one: (field: Field, value: unknown) => unknown): WireMessage => {
    const fields = schema.fields(type)
    const entries: [string, unknown][] = []
    for (const [name, value] of Object.entries(message)) {
      const field = fields?.get(name)
      if (!field || value === undefined) continue
      const converted = field.map
        ? Object.fromEntries(Object.entries((value ?? {}) as object).map(([key, item]) => [key, one(field, item)]))
        : field.repeated
          ? ((value ?? []) as readonly unknown[]).map((item) => one(field, item))
          : one(field, value)
      if (converted !== undefined) entries.push([name, converted])
    }
    return Object.fromEntries(entries)
  }

  // The Python client refuses an Any without type_url; the official description spells the field so.
  const packAny = ({ '@type': url, ...message }: Message): WireMessage => {
    const type = typeOf(url)
    return { type_url: anyPrefix + inVersion(type, version), value: codec.encode(type, toWire(type, message)) }
  }

  const unpackAny = ({ type_url: url, value }: WireMessage): Message => {
    const type = typeOf(url ?? '')
    if (!schema.fields(type)) return { '@type': String(url ?? '') }
    const bytes = value instanceof Uint8Array ? value : new Uint8Array()
    return { '@type': anyPrefix + type, ...fromWire(type, codec.decode(type, bytes)) }
  }

  return { toWire, fromWire }
}

const toValue = (value: Json | undefined): WireMessage => {
  if (value === null || value === undefined) return { nullValue: 'NULL_VALUE' }
  if (typeof value === 'number') return { numberValue: value }
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return isJsonObject(value) ? { structValue: toStruct(value) } : { listValue: { values: value.map(toValue) } }
}

const toStruct = (value: JsonObject): WireMessage => ({
  fields: Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, toValue(member)]),
  ),
})

const fromValue = (value: WireMessage): Json => {
  if (typeof value.numberValue === 'number') return value.numberValue
  if (typeof value.stringValue === 'string') return value.stringValue
  if (typeof value.boolValue === 'boolean') return value.boolValue
  if (value.structValue) return fromStruct(value.structValue as WireMessage)
  if (value.listValue) return fromList(value.listValue as WireMessage)
  return null
}

const fromStruct = (value: WireMessage): JsonObject =>
  Object.fromEntries(
    Object.entries((value.fields ?? {}) as Record<string, WireMessage>).map(([key, member]) => [
      key,
      fromValue(member),
    ]),
  )

const fromList = (value: WireMessage): Json => ((value.values ?? []) as readonly WireMessage[]).map(fromValue)

const writers: Readonly<Record<string, (value: Json) => unknown>> = {
  'google.protobuf.Value': toValue,
  'google.protobuf.Struct': (value) => toStruct(isJsonObject(value) ? value : {}),
  'google.protobuf.ListValue': (value) => ({ values: Array.isArray(value) ? value.map(toValue) : [] }),
}

const readers: Readonly<Record<string, (value: WireMessage) => Json>> = {
  'google.protobuf.Value': fromValue,
  'google.protobuf.Struct': fromStruct,
  'google.protobuf.ListValue': fromList,
}
