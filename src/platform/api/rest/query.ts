import type { Json, JsonObject } from '../../../domain/json.ts'
import { statusError } from '../../status.ts'
import type { Schema } from '../schema.ts'
import { fieldOf } from './json-form.ts'
import { wellKnown } from './well-known.ts'

/** What Google's clients add to any call and no method has a field for; the answer here is JSON without them, too. */
const systemParameters = new Set(
  ['alt', 'key', 'prettyPrint', 'quotaUser', 'access_token', 'oauth_token', 'uploadType', 'upload_protocol'].flatMap(
    (name) => [name, `$${name}`],
  ),
)

/** Query parameters (`pageSize=10&filter=…&updateMask=a,b&endpoint.displayName=x`) as the JSON of a request. */
export const readQuery = (schema: Schema, type: string, query: URLSearchParams): JsonObject => {
  let read: JsonObject = {}
  for (const name of new Set(query.keys())) {
    if (systemParameters.has(name)) continue
    const values = query.getAll(name)
    read = withField(schema, type, read, name.split('.'), values, name)
  }
  return read
}

const withField = (
  schema: Schema,
  type: string,
  into: JsonObject,
  [head = '', ...rest]: readonly string[],
  values: readonly string[],
  whole: string,
): JsonObject => {
  const { name, field } = fieldOf(schema, type, head, whole === head ? '' : whole)
  const isLeaf =
    field.kind !== 'message' || wellKnown[field.type] !== undefined || schema.fields(field.type)?.has('value')
  const bad = (why: string): Error => statusError('INVALID_ARGUMENT', `The query parameter ${whole} ${why}`)
  if (rest.length > 0) {
    if (isLeaf || field.repeated || field.map) throw bad(`cannot be given here: ${head} is no message`)
    const inner = (into[name] ?? {}) as JsonObject
    return { ...into, [name]: withField(schema, field.type, inner, rest, values, whole) }
  }
  if (!isLeaf || field.map) throw bad('is a message: it belongs in the body')
  if (!field.repeated && values.length > 1) throw bad('is given more than once')
  const value: Json = field.repeated ? values : (values[0] as string)
  return { ...into, [name]: value }
}
