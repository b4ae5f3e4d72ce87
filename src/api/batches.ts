import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type Batch, sortObjects } from '../domain/batch.ts'
import type { Store } from '../domain/ports/store.ts'
import { idParameter, listQuery, notFound } from './requests.ts'

const states = ['open', 'closed', 'empty'] as const

const pageOfObjects = z.strictObject({
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
  after: z.string().optional().describe('the address that the page before gave as its next'),
})

/** What a list shows of a batch. */
const summary = ({ sums: { objects, bytes }, counted: _, ...batch }: Batch) => ({ ...batch, objects, bytes })

export const batchesApi =
  (store: Store): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/batches',
      {
        schema: {
          querystring: listQuery.extend({
            state: z.enum(states).optional(),
            repository: z.string().optional(),
            pipeline: z.string().optional(),
          }),
        },
      },
      async ({ query: { limit, ...wanted } }) => {
        const where = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
        return { batches: (await store.list('batch', where, limit)).map(summary) }
      },
    )
    app.get('/batches/:id', { schema: { params: idParameter } }, async ({ params }) => {
      const batch = await store.get('batch', params.id)
      if (batch === undefined) throw notFound('batch', params.id)
      return { batch, history: await store.history('batch', batch.id) }
    })
    app.get(
      '/batches/:id/objects',
      { schema: { params: idParameter, querystring: pageOfObjects } },
      async ({ params: { id }, query: { limit, after } }) => {
        if ((await store.get('batch', id)) === undefined) throw notFound('batch', id)
        const objects = await store.objectsOf(id, limit, after)
        return { objects: sortObjects(objects), next: objects.length < limit ? null : (objects.at(-1)?.uri ?? null) }
      },
    )
  }
