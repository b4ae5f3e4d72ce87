import type { FastifyError, FastifyInstance, FastifyReply, FastifyServerOptions } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { Fault, type FaultCode } from '../domain/errors.ts'
import type { Log } from '../log.ts'

const statusOf: Partial<Record<FaultCode, number>> = {
  not_found: 404,
  unauthorised: 401,
  forbidden: 403,
  outdated: 409,
  policy_invalid: 409,
  declaration_invalid: 409,
  usage: 400,
  target_refused: 400,
  target_unavailable: 503,
  store_unavailable: 503,
  disk_full: 507,
}

const isFastifyError = (error: unknown): error is FastifyError =>
  error instanceof Error && typeof (error as FastifyError).statusCode === 'number'

/** Models and endpoints have names of up to 128 characters, three times as long in an address that encodes each. */
const longestParameter = 500

/** For the server: what it cannot route is answered as everything else is. */
export const routing = {
  routerOptions: { maxParamLength: longestParameter },
  frameworkErrors: (error, _request, reply) => {
    void (reply as FastifyReply)
      .code(error.statusCode ?? 400)
      .send({ error: { code: 'usage', message: error.message } })
  },
} satisfies FastifyServerOptions

/** The one place where faults become HTTP answers. */
export const translateErrors = (app: FastifyInstance, log: Log): void => {
  app.setErrorHandler((error, request, reply) => {
    if (hasZodFastifySchemaValidationErrors(error)) {
      const details = error.validation.map((issue) => `${issue.instancePath || '/'} ${issue.message ?? ''}`.trim())
      return reply
        .code(400)
        .send({ error: { code: 'usage', message: 'The request is not of the right form', details } })
    }
    if (error instanceof Fault) {
      const status = statusOf[error.code] ?? 500
      if (status >= 500) log.warn({ error, url: request.url }, 'request failed')
      const { code, message, remedy, details } = error
      return reply.code(status).send({
        error: {
          code,
          message,
          ...(remedy === undefined ? {} : { remedy }),
          ...(details.length === 0 ? {} : { details }),
        },
      })
    }
    if (isFastifyError(error) && (error.statusCode ?? 500) < 500)
      return reply.code(error.statusCode ?? 400).send({ error: { code: 'usage', message: error.message } })
    log.error({ error, url: request.url }, 'request failed')
    return reply.code(500).send({ error: { code: 'internal', message: 'Something failed here; the log says what' } })
  })
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send({ error: { code: 'not_found', message: `There is nothing at ${request.method} ${request.url}` } }),
  )
}
