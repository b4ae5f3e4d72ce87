import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Digest } from '../domain/digest.ts'
import { Fault } from '../domain/errors.ts'
import type { Store } from '../domain/ports.ts'
import type { Verdict } from '../domain/verdict.ts'
import { idParameter, listQuery } from './requests.ts'

export interface VerdictsPorts {
  readonly store: Store
  /** Predictions that a verdict was made of, packed as they are kept; undefined where they are not kept any more. */
  readonly keptPredictions: (digest: Digest) => Promise<Uint8Array | undefined>
}

/** Verdicts with their receipts, and the evidence that is kept of them: what it takes to judge again. */
export const verdictsApi =
  ({ store, keptPredictions }: VerdictsPorts): FastifyPluginAsyncZod =>
  async (app) => {
    const withModels = async (verdicts: readonly Verdict[]) => {
      const models = new Map<number, string | null>()
      if (verdicts.length > 0)
        for (const run of await store.list('run', { id: verdicts.map(({ run: id }) => id) }, verdicts.length))
          models.set(run.id, run.model)
      // Nothing measures models where they serve yet.
      return verdicts.map((verdict) => ({ ...verdict, model: models.get(verdict.run) ?? null, live: null }))
    }

    app.get('/verdicts', { schema: { querystring: listQuery } }, async ({ query }) => ({
      verdicts: await withModels(await store.list('verdict', {}, query.limit)),
    }))

    app.get('/verdicts/:id', { schema: { params: idParameter } }, async ({ params }) => {
      const verdict = await store.get('verdict', params.id)
      if (verdict === undefined)
        throw new Fault('not_found', `There is no verdict ${params.id}`, {
          remedy: '`winnow explain RUN` says the number of its verdict.',
        })
      return { verdict: (await withModels([verdict]))[0] }
    })

    app.get(
      '/verdict-evidence/:digest',
      { schema: { params: z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) }) } },
      async ({ params }, reply) => {
        const packed = await keptPredictions(params.digest as Digest)
        if (packed === undefined)
          throw new Fault('not_found', `No evidence is kept under ${params.digest}`, {
            remedy: 'Bring the folder verdict-evidence of the data folder back from a backup.',
          })
        reply.header('content-type', 'application/gzip')
        return reply.send(packed)
      },
    )
  }
