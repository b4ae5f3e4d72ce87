import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Decisions } from '../domain/decisions.ts'
import type { Digest } from '../domain/digest.ts'
import type { Store } from '../domain/ports/store.ts'
import { personOf } from './authorise.ts'
import { idParameter, lasts, listQuery } from './requests.ts'

export interface DecisionsPorts {
  readonly store: Store
  readonly decisions: Decisions
}

const reason = z.string().max(1_000)
const repository = z.string().min(1).optional()
const callTimeout = 60_000

const word = z.strictObject({
  reason: reason.default(''),
  subject: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .transform((text) => text as Digest)
    .optional()
    .describe('the digest that `GET /runs/:id` showed; the word is refused where it is another by now'),
})
const environment = z.object({ name: z.string().min(1).max(63) })

/** What people decide. Who they are, their token says. */
export const decisionsApi =
  ({ store, decisions }: DecisionsPorts): FastifyPluginAsyncZod =>
  async (app) => {
    for (const decision of ['approve', 'reject'] as const)
      app.post(`/runs/:id/${decision}`, { schema: { params: idParameter, body: word } }, (request) => {
        const said = { decision, ...request.body }
        return decisions.speak(request.params.id, personOf(request), said, AbortSignal.timeout(callTimeout))
      })

    app.post(
      '/runs/:id/override',
      {
        schema: {
          params: idParameter,
          body: z.strictObject({
            environment: z.string().min(1).max(63),
            reason: reason.min(1),
            expiresIn: lasts.default(86_400_000),
          }),
        },
      },
      (request) =>
        decisions.override(request.params.id, personOf(request), request.body, AbortSignal.timeout(callTimeout)),
    )

    app.post(
      '/environments/:name/hold',
      {
        schema: {
          params: environment,
          body: z.strictObject({ repository, reason: reason.default(''), lasts: lasts.nullable().default(null) }),
        },
      },
      (request) => {
        const place = { environment: request.params.name, repository: request.body.repository }
        return decisions.hold(place, personOf(request), request.body, AbortSignal.timeout(callTimeout))
      },
    )

    app.post(
      '/environments/:name/release',
      { schema: { params: environment, body: z.strictObject({ repository }) } },
      (request) => {
        const place = { environment: request.params.name, repository: request.body.repository }
        return decisions.lift(place, personOf(request), AbortSignal.timeout(callTimeout))
      },
    )

    app.post(
      '/changes/:id/replay',
      { schema: { params: idParameter, body: z.strictObject({ reason: reason.min(1) }) } },
      (request) => decisions.replay(request.params.id, personOf(request), request.body.reason),
    )

    app.get('/holds', { schema: { querystring: listQuery } }, async ({ query }) => ({
      holds: await store.list('hold', {}, query.limit),
    }))
  }
