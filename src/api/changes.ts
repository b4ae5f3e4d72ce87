import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Change } from '../domain/change.ts'
import type { Store } from '../domain/ports.ts'
import { idParameter, listQuery, notFound } from './requests.ts'

const states = ['recorded', 'ignored', 'invalid', 'batched', 'started', 'superseded'] as const

/** What a list shows of a change. */
const changeSummary = (change: Change) => ({
  id: change.id,
  repository: change.repository,
  kind: change.cause.kind,
  what: describeCause(change),
  author: change.author,
  state: change.state,
  reason: change.reason,
  faults: change.faults,
  receivedAt: change.receivedAt,
})

const describeCause = ({ cause }: Change): string => {
  switch (cause.kind) {
    case 'push':
      return `${cause.ref.replace('refs/heads/', '')} ${cause.deleted ? 'deleted' : cause.commit.slice(0, 8)}`
    case 'pullRequest':
      return `#${cause.number} ${cause.action} ${cause.commit.slice(0, 8)}`
    case 'release':
      return `${cause.ref.replace('refs/tags/', '')} ${cause.action}`
    case 'data':
      return cause.uri
    case 'retrain':
      return `${cause.pipeline} after run ${cause.run}, attempt ${cause.attempt}`
    case 'request':
      return cause.pipeline
  }
}

export const changesApi =
  (store: Store): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/changes',
      {
        schema: {
          querystring: listQuery.extend({ state: z.enum(states).optional(), repository: z.string().optional() }),
        },
      },
      async ({ query }) => {
        const { limit, state, repository } = query
        const where = { ...(state === undefined ? {} : { state }), ...(repository === undefined ? {} : { repository }) }
        return {
          changes: (await store.list('change', where, limit)).map(changeSummary),
          sum: await store.countChanges(),
        }
      },
    )
    app.get('/changes/:id', { schema: { params: idParameter } }, async ({ params }) => {
      const change = await store.get('change', params.id)
      if (change === undefined) throw notFound('change', params.id)
      const runs = await store.list('run', { change: change.id })
      return { change, runs: runs.map((run) => run.id), history: await store.history('change', change.id) }
    })
  }
