import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Fault } from '../domain/errors.ts'
import type { LabelCheck, LiveFigures, RequestLabels, RequestLog } from '../domain/ports/request-log.ts'
import type { EndpointView } from '../domain/ports/serving.ts'
import type { Store } from '../domain/ports/store.ts'
import type { Target } from '../domain/ports/target.ts'

export interface LivePorts {
  readonly store: Store
  readonly targets: ReadonlyMap<string, Target>
  readonly liveFigures: (
    target: { readonly name: string; readonly log: Pick<RequestLog, 'requests'> },
    endpoint: string,
    since: number,
    signal: AbortSignal,
  ) => Promise<LiveFigures>
  readonly checkFeedback: (
    log: Pick<RequestLog, 'requests'>,
    endpoint: string,
    labels: readonly RequestLabels[],
    since: number,
    signal: AbortSignal,
  ) => Promise<({ readonly ok: true } & LabelCheck) | { readonly ok: false; readonly reason: string }>
  readonly now: () => number
}

const callTimeout = 60_000
/** Labels are kept for so long, and tell nothing of older requests. */
const labelsKept = 90 * 86_400_000
const endpointName = z.object({ name: z.string().min(1) })
const targetQuery = z.object({ target: z.string().optional() })
const label = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()])

/** What models do while they serve, and what turned out to be true of their answers. */
export const liveApi =
  ({ store, targets, liveFigures, checkFeedback, now }: LivePorts): FastifyPluginAsyncZod =>
  async (app) => {
    const find = async (
      endpoint: string,
      wanted: string | undefined,
      signal: AbortSignal,
    ): Promise<{ readonly name: string; readonly target: Target; readonly view: EndpointView }> => {
      for (const [name, target] of targets) {
        if (wanted !== undefined && wanted !== name) continue
        const view = await target.findEndpoint(endpoint, signal)
        if (view !== undefined) return { name, target, view }
      }
      throw new Fault('not_found', `No target has an endpoint ${endpoint}`, {
        remedy: 'List them with `winnow endpoints`.',
      })
    }

    app.post(
      '/endpoints/:name/feedback',
      {
        bodyLimit: 16 * 1024 * 1024,
        schema: {
          params: endpointName,
          querystring: targetQuery.extend({
            check: z
              .stringbool()
              .default(false)
              .describe('whether to say how the labels fit the requests that are logged'),
          }),
          body: z.strictObject({
            labels: z
              .array(
                z.strictObject({
                  request: z.string().min(1).max(200).describe('as the answer called it'),
                  labels: z.array(label).min(1).max(10_000).describe('one for each instance, in their order'),
                }),
              )
              .min(1)
              .max(50_000),
          }),
        },
      },
      async ({ params, query, body }) => {
        const signal = AbortSignal.timeout(callTimeout)
        const { name, target, view } = await find(params.name, query.target, signal)
        const labels: readonly RequestLabels[] = body.labels
        await store.recordFeedback({ target: name, endpoint: view.name }, labels, now())
        const recorded = { target: name, endpoint: view.name, recorded: labels.length }
        return query.check
          ? {
              ...recorded,
              check: await checkFeedback(target, view.name, labels, Math.max(0, now() - labelsKept), signal),
            }
          : recorded
      },
    )

    app.get(
      '/endpoints/:name/live',
      {
        schema: {
          params: endpointName,
          querystring: targetQuery.extend({ since: z.coerce.number().int().min(0).default(0) }),
        },
      },
      async ({ params, query }) => {
        const signal = AbortSignal.timeout(callTimeout)
        const { name, target, view } = await find(params.name, query.target, signal)
        const figures = await liveFigures({ name, log: target }, view.name, query.since, signal)
        return { target: name, endpoint: view.name, deployed: view.deployed, split: view.split, ...figures }
      },
    )
  }
