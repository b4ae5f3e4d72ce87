import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

/** What every answer but a good one looks like, see http-errors.ts. */
const problem = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      remedy: z.string().optional(),
      details: z.array(z.string()).optional(),
    }),
  })
  .describe('What failed, and what to do')

/** A route that describes its good answer itself wins over this. */
const anything = z.unknown().describe('What was asked for')

/** Says in the document of the API how each route of this scope answers what it cannot do. */
export const documentErrors = (scope: FastifyInstance): void => {
  scope.addHook('onRoute', (route) => {
    const response = (route.schema?.response ?? {}) as Record<string, unknown>
    route.schema = { ...route.schema, response: { '2xx': anything, '4xx': problem, '5xx': problem, ...response } }
  })
}
