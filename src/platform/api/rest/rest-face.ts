import type { FastifyError, FastifyPluginAsync } from 'fastify'
import type { Json } from '../../../domain/json.ts'
import type { Log } from '../../../log.ts'
import type { HandlerTable } from '../../services.ts'
import { statusCodes, statusError, statusOf } from '../../status.ts'
import type { ApiVersion } from '../api-version.ts'
import type { Schema } from '../schema.ts'
import { httpStatusOf, statusNameOf } from './http-status.ts'
import { createJsonForm } from './json-form.ts'
import { findRoute, routesOf } from './routes.ts'
import { answerOf, requestOf } from './transcode.ts'

interface RestPorts {
  readonly handlers: HandlerTable
  readonly schema: Schema
  readonly log: Log
}

/** Vertex AI's REST API of one version: the table of handlers, called as the `google.api.http` rules say. */
export const vertexRest = (version: ApiVersion, { handlers, schema, log }: RestPorts): FastifyPluginAsync => {
  const form = createJsonForm(schema, version)
  const routes = routesOf(schema, handlers)
  return async (face) => {
    face.removeAllContentTypeParsers()
    face.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: unknown, text: string) =>
      text.trim() === '' ? undefined : parseJson(text),
    )
    face.setErrorHandler((error: FastifyError, { method, url }, reply) => {
      const asked = error.statusCode !== undefined && error.statusCode < 500
      const { code, message } = statusOf(asked ? statusError('INVALID_ARGUMENT', error.message) : error)
      const http = asked ? (error.statusCode as number) : httpStatusOf(code)
      if (code === statusCodes.INTERNAL)
        log.error({ method, path: url.split('?')[0], error }, 'the platform failed to answer')
      return reply.code(http).send({ error: { code: http, message, status: statusNameOf(code), details: [] } })
    })
    face.route({
      method: ['GET', 'PUT', 'POST', 'DELETE', 'PATCH'],
      url: '/*',
      handler: async ({ method, raw, body }, reply) => {
        const { pathname, searchParams } = new URL(raw.url ?? '', 'http://platform')
        // The beta's calls are the same as far as there are handlers.
        const path = pathname.replace(/^\/\w+\//, '/v1/')
        const found = findRoute(routes, method, path)
        if ('verbs' in found) throw notFound(method, pathname, found.verbs)
        const { route, bindings } = found
        if (!route.handler)
          throw statusError(
            'UNIMPLEMENTED',
            `${route.service}/${pascal(route.method)} is not implemented by the embedded platform`,
          )
        const request = requestOf(schema, form, route, {
          bindings,
          query: searchParams,
          body: body as Json | undefined,
        })
        const hangUp = new AbortController()
        reply.raw.once('close', () => hangUp.abort())
        return answerOf(form, route, await route.handler(request, { signal: hangUp.signal }))
      },
    })
  }
}

const parseJson = (text: string): Json => {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    throw statusError('INVALID_ARGUMENT', `The body is not JSON: ${(error as Error).message}`)
  }
}

const notFound = (method: string, path: string, verbs: readonly string[]): Error =>
  statusError(
    'NOT_FOUND',
    `Vertex AI has nothing at ${method} ${path}${verbs.length === 0 ? '' : `: it takes ${verbs.join(', ')}`}`,
  )

const pascal = (method: string): string => method.charAt(0).toUpperCase() + method.slice(1)
