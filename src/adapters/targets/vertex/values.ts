import type { google } from '@google-cloud/aiplatform/build/protos/protos.js'
import type { Json, JsonObject } from '../../../domain/json.ts'
import type { Time } from '../../../domain/time.ts'

type Value = google.protobuf.IValue
type Struct = google.protobuf.IStruct

/** JSON → google.protobuf.Value. */
export const toValue = (json: Json | undefined): Value => {
  if (json === null || json === undefined) return { nullValue: 'NULL_VALUE' }
  if (typeof json === 'boolean') return { boolValue: json }
  if (typeof json === 'number') return { numberValue: json }
  if (typeof json === 'string') return { stringValue: json }
  if (Array.isArray(json)) return { listValue: { values: json.map(toValue) } }
  return { structValue: toStruct(json as JsonObject) }
}

/** A JSON object → google.protobuf.Struct; undefined members are left out, as JSON.stringify does. */
export const toStruct = (json: JsonObject): Struct => ({
  fields: Object.fromEntries(
    Object.entries(json)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, toValue(value)]),
  ),
})

/** google.protobuf.Value → JSON; a value that is not set is null. */
export const fromValue = (value: Value | null | undefined): Json => {
  if (!value) return null
  // protobufjs names the member that is set in `kind`, because with defaults on the others are there too.
  switch ((value as { kind?: keyof Value }).kind) {
    case 'boolValue':
      return value.boolValue ?? false
    case 'numberValue':
      return value.numberValue ?? 0
    case 'stringValue':
      return value.stringValue ?? ''
    case 'listValue':
      return (value.listValue?.values ?? []).map(fromValue)
    case 'structValue':
      return fromStruct(value.structValue)
    default:
      return null
  }
}

export const fromStruct = (struct: Struct | null | undefined): JsonObject =>
  Object.fromEntries(Object.entries(struct?.fields ?? {}).map(([key, value]) => [key, fromValue(value)]))

export const fromTimestamp = (stamp: google.protobuf.ITimestamp | null | undefined): Time | null =>
  stamp?.seconds === undefined || stamp.seconds === null || Number(stamp.seconds) === 0
    ? null
    : Number(stamp.seconds) * 1_000 + Math.floor((stamp.nanos ?? 0) / 1_000_000)
