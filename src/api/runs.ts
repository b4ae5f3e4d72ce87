import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { subjectOf } from '../domain/approval.ts'
import { Fault } from '../domain/errors.ts'
import type { Store } from '../domain/ports/store.ts'
import type { Target } from '../domain/ports/target.ts'
import type { Run } from '../domain/run.ts'
import { runEnded } from '../domain/run.ts'
import { personOf } from './authorise.ts'
import { idParameter, listQuery, notFound } from './requests.ts'

export interface RunsPorts {
  readonly store: Store
  readonly target: (name: string) => Target | undefined
  readonly now: () => number
}

const summary = (run: Run) => ({
  id: run.id,
  change: run.change,
  batch: run.batch,
  repository: run.repository,
  pipeline: run.pipeline,
  commit: run.commit,
  target: run.target,
  attempt: run.attempt,
  state: run.state,
  reason: run.reason,
  createdAt: run.createdAt,
  endedAt: run.endedAt,
  tasks: {
    total: run.tasks.length,
    done: run.tasks.filter((task) => ['succeeded', 'cached', 'skipped', 'notTriggered'].includes(task.state)).length,
  },
})

export const runsApi =
  ({ store, target, now }: RunsPorts): FastifyPluginAsyncZod =>
  async (app) => {
    const runOf = async (id: number): Promise<Run> => {
      const run = await store.get('run', id)
      if (run === undefined) throw notFound('run', id)
      return run
    }

    app.get(
      '/runs',
      {
        schema: {
          querystring: listQuery.extend({ repository: z.string().optional(), pipeline: z.string().optional() }),
        },
      },
      async ({ query }) => {
        const { limit, repository, pipeline } = query
        const where = {
          ...(repository === undefined ? {} : { repository }),
          ...(pipeline === undefined ? {} : { pipeline }),
        }
        const runs = await store.list('run', where, limit)
        const verdicts = await store.list('verdict', { run: runs.map((run) => run.id) }, limit)
        const waiting = { run: runs.map((run) => run.id), state: ['held', 'holding'] } as const
        const releases = await store.list('release', waiting, limit)
        const verdictOf = new Map(verdicts.map((verdict) => [verdict.run, verdict]))
        return {
          runs: runs.map((run) => ({
            ...summary(run),
            verdict: verdictOf.get(run.id)?.state ?? null,
            judged: verdictOf.get(run.id)?.receipt?.reason ?? null,
            follows: verdictOf.get(run.id)?.follows ?? null,
            held: releases.find((release) => release.run === run.id)?.reason ?? null,
          })),
        }
      },
    )

    app.get('/runs/:id', { schema: { params: idParameter } }, async ({ params }) => {
      const run = await runOf(params.id)
      const [verdict] = await store.list('verdict', { run: run.id }, 1)
      const releases = await store.list('release', { run: run.id })
      const build = run.build === null ? undefined : await store.get('build', run.build)
      return {
        run,
        build: build === undefined ? null : { ...build, ir: undefined },
        verdict: verdict ?? null,
        subject: verdict?.receipt ? subjectOf(verdict.receipt) : null,
        words: verdict === undefined ? [] : await store.list('approval', { verdict: verdict.id, state: 'given' }),
        verdictHistory: verdict === undefined ? [] : await store.history('verdict', verdict.id),
        releases,
        releaseHistory: Object.fromEntries(
          await Promise.all(releases.map(async ({ id }) => [id, await store.history('release', id)] as const)),
        ),
        history: await store.history('run', run.id),
      }
    })

    app.get(
      '/runs/:id/log',
      { schema: { params: idParameter, querystring: z.object({ task: z.string().optional() }) } },
      async ({ params, query }, reply) => {
        const run = await runOf(params.id)
        const asked = query.task
        const tasks =
          asked === undefined ? run.tasks : run.tasks.filter((task) => task.name === asked || task.id === asked)
        if (asked !== undefined && tasks.length === 0)
          throw new Fault('not_found', `Run ${run.id} has no task ${asked}`, {
            remedy: `Its tasks are: ${run.tasks.map((task) => task.name).join(', ') || 'none yet'}.`,
          })
        const readFrom = target(run.target)
        const signal = AbortSignal.timeout(15_000)
        const logs = await Promise.all(
          tasks
            .filter((task) => task.logUri !== null)
            .map(async (task) => ({
              task: task.name,
              text: (await readFrom?.readText(task.logUri as string, signal)) ?? '',
            })),
        )
        const build = run.build === null ? undefined : await store.get('build', run.build)
        reply.header('cache-control', 'no-store')
        return { build: asked === undefined ? (build?.log ?? '') : '', tasks: logs }
      },
    )

    app.post('/runs/:id/cancel', { schema: { params: idParameter } }, async (request) => {
      const { params } = request
      const at = now()
      return store.transaction(async (tx) => {
        const run = await tx.get('run', params.id)
        if (run === undefined) throw notFound('run', params.id)
        if (runEnded.includes(run.state)) throw new Fault('usage', `Run ${run.id} has ended already: ${run.state}`)
        const asked = await tx.update('run', { ...run, cancelRequested: true, nextAt: at })
        await tx.record({
          at,
          kind: 'run',
          id: run.id,
          from: run.state,
          to: run.state,
          by: personOf(request).name,
          why: 'cancel requested',
        })
        await tx.enqueue(run.state === 'wanted' ? 'build' : run.state === 'running' ? 'watch' : 'launch', run.id)
        return { run: asked.id, state: asked.state }
      })
    })
  }
