import type { FastifyInstance } from 'fastify'
import type { Json, JsonObject } from '../../domain/json.ts'
import { isJsonObject } from '../../domain/json.ts'
import { statusError } from '../status.ts'

export interface Asked {
  /** Of the path, such as `run_id`. */
  readonly ids: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** A text for JSON that was none of an object, bytes for a form. */
  readonly body: unknown
  readonly contentType: string
}

interface Answer {
  readonly body: Json
  /** What was asked for and is left out here, for the `Warning` header. */
  readonly warnings?: readonly string[]
}

/** One call of the API. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PATCH'
  /** Below the prefix: `/runs/:run_id`. */
  readonly path: string
  /** What follows the last part of the path after a colon: `retry`. */
  readonly verb?: string
  readonly answer: (asked: Asked) => Answer | Promise<Answer>
}

/** What a call takes for its body; INVALID_ARGUMENT for anything but an object. */
export const objectBody = ({ body }: Asked): JsonObject => {
  if (isJsonObject(body)) return body
  throw statusError('INVALID_ARGUMENT', 'The body is not a JSON object')
}

/** What a quoted text in a header may hold. */
const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, "'")

const idsOf = (params: unknown, verb: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(params as Record<string, string>).map(([name, value]) => [
      name,
      verb !== '' && value.endsWith(`:${verb}`) ? value.slice(0, -verb.length - 1) : value,
    ]),
  )

const verbOf = (path: string): string => {
  const last = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
  const colon = last.indexOf(':')
  return colon < 0 ? '' : last.slice(colon + 1)
}

/** Fastify cannot tell `/runs/ID:retry` from `/runs/ID:archive`, so calls of one path are told apart here. */
export const mountRoutes = (face: FastifyInstance, routes: readonly Route[]): void => {
  const places = Map.groupBy(routes, ({ method, path }) => `${method} ${path}`)
  for (const calls of places.values()) {
    const [{ method, path }] = calls as [Route]
    face.route({
      method,
      url: path,
      handler: async ({ params, raw, body, headers }, reply) => {
        const { pathname, searchParams: query } = new URL(raw.url ?? '', 'http://platform')
        const asked = verbOf(pathname)
        const route = calls.find(({ verb = '' }) => verb === asked)
        if (route === undefined) throw statusError('NOT_FOUND', `There is nothing at ${method} ${pathname}`)
        const ids = idsOf(params, asked)
        const { body: answer, warnings = [] } = await route.answer({
          ...{ ids, query, body },
          contentType: headers['content-type'] ?? '',
        })
        const told = warnings.map((warning) => `299 - "${headerText(warning)}"`)
        if (told.length > 0) reply.header('warning', told.join(', '))
        return reply.type('application/json').send(JSON.stringify(answer))
      },
    })
  }
}
