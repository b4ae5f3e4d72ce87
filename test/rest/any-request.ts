import fc from 'fast-check'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import type { Route } from '../../src/platform/api/rest/routes.ts'
import type { Field, Schema } from '../../src/platform/api/schema.ts'

const texts = [
  '',
  'x',
  'projects/p/locations/l',
  'projects/p/locations/l/models/1',
  'gs://none/x',
  '-1',
  'a/b',
  '\u0000',
]
const wellKnown: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  'google.protobuf.Timestamp': fc.constant('2026-01-31T12:00:00Z'),
  'google.protobuf.Duration': fc.constantFrom('0s', '1s', '-3s'),
  'google.protobuf.FieldMask': fc.constantFrom('', 'displayName', '*', 'no.such,displayName'),
  'google.protobuf.Struct': fc.dictionary(
    fc.constantFrom('a', 'inputConfig', '__proto__'),
    fc.jsonValue() as fc.Arbitrary<Json>,
  ),
  'google.protobuf.Value': fc.jsonValue() as fc.Arbitrary<Json>,
  'google.protobuf.ListValue': fc.array(fc.jsonValue()) as fc.Arbitrary<Json>,
}

/** Bodies that are well-formed and mean nothing: what a handler must refuse by itself. */
export const anyMessage = (schema: Schema, type: string, depth = 3): fc.Arbitrary<JsonObject> => {
  const fields = [...(schema.fields(type) ?? [])].filter(([, field]) => depth > 0 || field.kind !== 'message')
  const model = Object.fromEntries(fields.map(([name, field]) => [name, anyField(schema, field, depth)]))
  return fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<JsonObject>
}

const anyField = (schema: Schema, field: Field, depth: number): fc.Arbitrary<Json> => {
  const one = anyOne(schema, field, depth)
  if (field.map) return fc.dictionary(fc.constantFrom('a', '0', ''), one, { maxKeys: 2 }) as fc.Arbitrary<Json>
  return field.repeated ? (fc.array(one, { maxLength: 2 }) as fc.Arbitrary<Json>) : one
}

const anyOne = (schema: Schema, { type, kind }: Field, depth: number): fc.Arbitrary<Json> => {
  const known = wellKnown[type]
  if (known) return known
  if (/^google\.protobuf\.\w+Value$/.test(type)) return fc.constant(null)
  if (type === 'google.protobuf.Any') return fc.constant({ '@type': 'type.googleapis.com/google.protobuf.Empty' })
  if (kind === 'message') return anyMessage(schema, type, depth - 1)
  const values = schema.values(type)
  if (values) return fc.constantFrom(...values.keys())
  if (type === 'string') return fc.constantFrom(...texts)
  if (type === 'bool') return fc.boolean()
  return kind === 'bytes' ? fc.constant('AAEC') : fc.constantFrom(0, 1, -1, 7)
}

/** A path of the route; the ids in it are of nothing, or of what the test has made. */
export const anyPath = ({ template }: Route, ids: readonly string[]): fc.Arbitrary<string> => {
  const segments = template.segments.map((segment) =>
    segment.startsWith('*') ? fc.constantFrom(...ids) : fc.constant(segment),
  )
  const verb = template.verb === undefined ? '' : `:${template.verb}`
  return fc.tuple(...segments).map((parts) => `/${parts.join('/')}${verb}`)
}
