import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Digest } from '../domain/digest.ts'
import { Fault } from '../domain/errors.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { LivePorts } from './live.ts'
import { liveOfVerdicts } from './live-of-verdicts.ts'
import { idParameter, listQuery } from './requests.ts'

export interface VerdictsPorts extends Pick<LivePorts, 'store' | 'targets' | 'liveFigures'> {
  /** One that is in an archive. */
  readonly archivedVerdict?: (id: number) => Promise<Verdict | undefined>
  /** Predictions that a verdict was made of, packed as they are kept; undefined where they are not kept any more. */
  readonly keptPredictions: (digest: Digest) => Promise<Uint8Array | undefined>
}

/** Endpoints with long logs take a while to tell. */
const liveTimeout = 60_000

/** Verdicts with their receipts, and the evidence that is kept of them: what it takes to judge again. */
export const verdictsApi =
  (ports: VerdictsPorts): FastifyPluginAsyncZod =>
  async (app) => {
    const { store, archivedVerdict, keptPredictions } = ports
    const withModels = async (verdicts: readonly Verdict[], asksLive: boolean) => {
      const models = new Map<number, string | null>()
      if (verdicts.length > 0)
        for (const run of await store.list('run', { id: verdicts.map(({ run: id }) => id) }, verdicts.length))
          models.set(run.id, run.model)
      const live = asksLive
        ? await liveOfVerdicts(ports, verdicts, AbortSignal.timeout(liveTimeout))
        : new Map<number, null>()
      return verdicts.map((verdict) => ({
        ...verdict,
        model: models.get(verdict.run) ?? null,
        live: live.get(verdict.id) ?? null,
      }))
    }

    const query = listQuery.extend({
      live: z.enum(['true', 'false']).default('false').describe('with what was measured of the models that serve'),
    })
    app.get('/verdicts', { schema: { querystring: query } }, async ({ query: { limit, live } }) => ({
      verdicts: await withModels(await store.list('verdict', {}, limit), live === 'true'),
    }))

    app.get('/verdicts/:id', { schema: { params: idParameter } }, async ({ params }) => {
      const verdict = (await store.get('verdict', params.id)) ?? (await archivedVerdict?.(params.id))
      if (verdict === undefined)
        throw new Fault('not_found', `There is no verdict ${params.id}`, {
          remedy: '`winnow explain RUN` says the number of its verdict.',
        })
      return { verdict: (await withModels([verdict], false))[0] }
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
