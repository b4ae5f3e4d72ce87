import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Fault } from '../domain/errors.ts'
import type { Json } from '../domain/json.ts'
import type { Store } from '../domain/ports/store.ts'
import type { Target } from '../domain/ports/target.ts'
import { anyJson, listQuery } from './requests.ts'

export interface ServingPorts {
  readonly store: Store
  readonly targets: ReadonlyMap<string, Target>
}

const callTimeout = 30_000

/** Models, endpoints and predictions, as the targets report them now, and the releases that made them so. */
export const servingApi =
  ({ store, targets }: ServingPorts): FastifyPluginAsyncZod =>
  async (app) => {
    const chosen = (name: string | undefined): readonly (readonly [string, Target])[] => {
      if (name === undefined) return [...targets]
      const target = targets.get(name)
      if (target === undefined)
        throw new Fault('not_found', `There is no target ${name}`, {
          remedy: `Targets are: ${[...targets.keys()].join(', ')}.`,
        })
      return [[name, target]]
    }
    const targetQuery = z.object({ target: z.string().optional() })

    app.get('/models', { schema: { querystring: targetQuery } }, async ({ query }) => {
      const signal = AbortSignal.timeout(callTimeout)
      const lists = await Promise.all(
        chosen(query.target).map(async ([name, target]) =>
          (await target.models(signal)).map((model) => ({ target: name, ...model })),
        ),
      )
      return { models: lists.flat() }
    })

    app.get('/endpoints', { schema: { querystring: targetQuery } }, async ({ query }) => {
      const signal = AbortSignal.timeout(callTimeout)
      const lists = await Promise.all(
        chosen(query.target).map(async ([name, target]) =>
          (await target.endpoints(signal)).map((endpoint) => ({ target: name, ...endpoint })),
        ),
      )
      return { endpoints: lists.flat() }
    })

    app.get('/releases', { schema: { querystring: listQuery } }, async ({ query }) => ({
      releases: await store.list('release', {}, query.limit),
    }))

    app.post(
      '/endpoints/:name/predict',
      {
        schema: {
          params: z.object({ name: z.string().min(1) }),
          querystring: targetQuery,
          body: z.object({ instances: z.array(anyJson).min(1), parameters: anyJson.optional() }),
        },
      },
      async ({ params, query, body }) => {
        const signal = AbortSignal.timeout(callTimeout)
        for (const [name, target] of chosen(query.target)) {
          const endpoint = await target.findEndpoint(params.name, signal)
          if (endpoint === undefined) continue
          const answer = await target.predict(
            endpoint.name,
            body.instances as Json[],
            (body.parameters ?? null) as Json,
            signal,
          )
          return { target: name, endpoint: endpoint.name, ...answer }
        }
        throw new Fault('not_found', `No target has an endpoint ${params.name}`, {
          remedy: 'List them with `winnow endpoints`.',
        })
      },
    )
  }
