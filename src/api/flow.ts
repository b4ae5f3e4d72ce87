import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Decisions } from '../domain/decisions.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Store } from '../domain/ports/store.ts'
import { personOf } from './authorise.ts'
import { anyJson, lasts, listQuery } from './requests.ts'

export interface FlowPorts {
  readonly store: Store
  readonly decisions: Decisions
}

const callTimeout = 60_000
const name = z.string().min(1).max(128)
const repository = name.optional().describe('may be left out where the config names only one')
const key = z.string().min(1).max(200).optional().describe('the same key again is the same change')

const request = z.strictObject({
  kind: z.literal('request'),
  repository,
  pipeline: name,
  parameters: z.record(z.string(), anyJson).optional(),
  branch: z.string().min(1).max(255).optional(),
  commit: z
    .string()
    .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
    .optional(),
  fresh: z.boolean().default(false).describe('also where an equal run has succeeded'),
  key,
})
const worsened = z.strictObject({
  kind: z.enum(['drift', 'degraded']),
  repository,
  environment: name,
  model: name,
  metric: name,
  value: z.number(),
  threshold: z.number(),
  version: name.optional().describe('of the model, as it is registered; without it what serves there is spoken of'),
  at: z.int().min(0).max(8.64e15).describe('when it was measured, in milliseconds since 1970'),
  key,
})
const place = { repository, pipeline: name.optional().describe('without it all of the repository') }

/** What people and monitors tell of, and how they hold up what follows. Who they are, their token says. */
export const flowApi =
  ({ store, decisions }: FlowPorts): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/changes',
      { schema: { body: z.discriminatedUnion('kind', [request, worsened]) } },
      async (asked, reply) => {
        const { body } = asked
        const person = personOf(asked)
        const told =
          body.kind === 'request'
            ? await decisions.ask(
                person,
                // Checked by the schema as JSON.
                { ...body, parameters: body.parameters as JsonObject | undefined },
                AbortSignal.timeout(callTimeout),
              )
            : await decisions.tell(person, body)
        return reply.code(202).send(told)
      },
    )

    app.post(
      '/pauses',
      {
        schema: {
          body: z.strictObject({
            ...place,
            reason: z.string().min(1).max(1_000),
            lasts: lasts.default(86_400_000),
          }),
        },
      },
      (asked) => decisions.pause(asked.body, personOf(asked), asked.body, AbortSignal.timeout(callTimeout)),
    )
    app.post('/pauses/resume', { schema: { body: z.strictObject(place) } }, (asked) =>
      decisions.resume(asked.body, personOf(asked)),
    )
    app.get('/pauses', { schema: { querystring: listQuery } }, async ({ query }) => ({
      pauses: await store.list('pause', {}, query.limit),
    }))
  }
