import { isJsonObject, type Json, type JsonObject } from '../../../domain/json.ts'
import type { Message } from '../../services.ts'
import { statusError } from '../../status.ts'
import type { Schema } from '../schema.ts'
import { fieldOf, type JsonForm } from './json-form.ts'
import type { Bindings } from './path-template.ts'
import { readQuery } from './query.ts'
import type { Route } from './routes.ts'

export interface HttpCall {
  readonly bindings: Bindings
  readonly query: URLSearchParams
  /** The parsed body; undefined where there is none. */
  readonly body: Json | undefined
}

/** The request that a call over HTTP stands for; what the path says wins over the body. */
export const requestOf = (schema: Schema, form: JsonForm, route: Route, call: HttpCall): Message => {
  const { request, rule } = route
  const queried = form.read(request, readQuery(schema, request, call.query))
  const named = rule.body === undefined || rule.body === '*' ? undefined : fieldOf(schema, request, rule.body, '').name
  if (rule.body === undefined && !isNothing(call.body))
    throw statusError('INVALID_ARGUMENT', `${route.method} takes no body: give its arguments as query parameters`)
  if (rule.body === '*' && Object.keys(queried).length > 0)
    throw statusError(
      'INVALID_ARGUMENT',
      `${route.method} takes its arguments in the body: ${Object.keys(queried).join(', ')} cannot be a query parameter`,
    )
  const body = call.body ?? {}
  if (!isJsonObject(body)) throw statusError('INVALID_ARGUMENT', 'The body is not a JSON object')
  const given = named === undefined ? form.read(request, body) : form.read(request, { [named]: body })
  return Object.entries(call.bindings).reduce<Message>(
    (message, [field, value]) => withValue(schema, request, message, field.split('.'), value),
    { ...queried, ...given },
  )
}

const isNothing = (body: Json | undefined): boolean =>
  body === undefined || (isJsonObject(body) && Object.keys(body).length === 0)

const withValue = (
  schema: Schema,
  type: string,
  message: Message,
  [head = '', ...rest]: readonly string[],
  value: string,
): Message => {
  const { name, field } = fieldOf(schema, type, head, '')
  if (rest.length === 0) return { ...message, [name]: value }
  const inner = message[name]
  return { ...message, [name]: withValue(schema, field.type, isJsonObject(inner) ? inner : {}, rest, value) }
}

export const answerOf = (form: JsonForm, { response, rule }: Route, message: Message): JsonObject => {
  const answer = form.write(response, message)
  const part = rule.responseBody === undefined ? answer : answer[rule.responseBody]
  return isJsonObject(part) ? part : {}
}
