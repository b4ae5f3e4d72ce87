import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type RefusalReport, refusalReasons } from '../domain/refusal.ts'

export interface RefusalsPorts {
  /** What this process refused of its senders. */
  readonly refusals: () => RefusalReport
}

const report = z.object({
  since: z.number(),
  counts: z.array(z.object({ sender: z.string(), reason: z.enum(refusalReasons), count: z.int() })),
})

export const refusalsApi =
  ({ refusals }: RefusalsPorts): FastifyPluginAsyncZod =>
  async (app) => {
    app.get('/refusals', { schema: { response: { 200: report } } }, async () => {
      const { since, counts } = refusals()
      return { since, counts: [...counts] }
    })
  }
