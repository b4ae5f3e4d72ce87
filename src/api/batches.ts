import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Batch } from '../domain/batch.ts'
import { Fault } from '../domain/errors.ts'
import type { Store } from '../domain/ports.ts'
import { idParameter, listQuery } from './requests.ts'

const states = ['open', 'closed', 'empty'] as const

/** What a list shows of a batch: its objects may be many. */
const summary = ({ objects, counted: _, ...batch }: Batch) => ({
  ...batch,
  objects: objects.length,
  bytes: objects.reduce((sum, { size }) => sum + size, 0),
})

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
      if (batch === undefined)
        throw new Fault('not_found', `There is no batch ${params.id}`, { remedy: 'List them with `winnow batches`.' })
      return { batch, history: await store.history('batch', batch.id) }
    })
  }
