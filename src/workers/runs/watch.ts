import { isFault } from '../../domain/errors.ts'
import type { JobView, PipelineTarget } from '../../domain/ports/pipeline-target.ts'
import type { Store } from '../../domain/ports/store.ts'
import { nextRun, type Run } from '../../domain/run.ts'
import type { Duration, Time } from '../../domain/time.ts'
import { describeChanged, lookAgain, type SnapshotPorts } from '../gather/snapshot.ts'
import { wantVerdict } from '../judge/want-verdict.ts'
import { lineageAfter } from '../match/lineage-of.ts'
import type { StepContext, StepFunction } from '../running/step.ts'
import { endRun } from './end-run.ts'
import { buildOf, launchRequestOf } from './launch.ts'
import type { TurnPorts } from './launch-turn.ts'
import { listenersOf, type TellingPorts, tellUpstream } from './tell-upstream.ts'

export interface WatchPorts extends TurnPorts, TellingPorts, SnapshotPorts {
  readonly store: Store
  /** The target of that name, undefined where the config has none. */
  readonly target: (name: string) => PipelineTarget | undefined
  /** True for the embedded platform: looking at it costs nothing, so it is looked at often. */
  readonly isLocal: (target: string) => boolean
}

const firstPoll: Duration = 500
const longestPoll: Duration = 15_000
const longestLocalPoll: Duration = 1_000

/** How long until a job is looked at again: a twentieth of its age, so that long jobs cost few calls and short ones little time. */
const pollAfter = (age: Duration, isLocal: boolean): Duration =>
  Math.min(Math.max(firstPoll, Math.round(age / 20)), isLocal ? longestLocalPoll : longestPoll)

/** Looks at a running run's job: progress is kept, an end is an end, and a job that the target lost is launched again by its id. */
export const createWatchStep =
  (ports: WatchPorts): StepFunction<'run'> =>
  async (run, context) => {
    if (run.state !== 'running' || run.jobId === null) return
    const target = ports.target(run.target)
    try {
      if (target === undefined) return await end(ports, run, lostTarget(run), context)
      if (run.cancelRequested) await target.cancel(run.jobId, context.signal)
      const view = await target.inspect(run.jobId, context.signal)
      if (view.state === 'missing') {
        if (run.cancelRequested) return await end(ports, run, { ...view, state: 'cancelled' }, context)
        context.log.warn(
          { run: run.id, job: run.jobId, target: run.target },
          'the target lost a job; it is launched again',
        )
        await target.launch(launchRequestOf(run, await buildOf(ports.store, run)), context.signal)
        return await lookLater(ports, run, run.tasks, context)
      }
      if (view.state === 'pending' || view.state === 'running') return await lookLater(ports, run, view.tasks, context)
      await end(ports, run, view, context)
    } catch (error) {
      if (!isFault(error) || error.retryable) throw error
      const view = { state: 'failed', error: error.message, details: error.details, tasks: run.tasks } as const
      await end(ports, run, view, context)
    }
  }

const lostTarget = (run: Run): JobView => ({
  state: 'failed',
  error: `the config names no target ${run.target} any more`,
  details: [],
  tasks: run.tasks,
})

const lookLater = async (ports: WatchPorts, run: Run, tasks: Run['tasks'], context: StepContext): Promise<void> => {
  const now = context.now()
  const at: Time = now + pollAfter(now - (run.launchedAt ?? now), ports.isLocal(run.target))
  const after = nextRun(run, { kind: 'progress', tasks })
  if (after === undefined) return
  await ports.store.transaction(async (tx) => {
    await tx.update('run', { ...after, failures: 0, nextAt: at })
    await tx.enqueue('watch', run.id, at)
  })
}

const end = async (ports: WatchPorts, run: Run, view: JobView, context: StepContext): Promise<void> => {
  const { tasks } = view
  if (view.state !== 'succeeded' && view.state !== 'failed' && view.state !== 'cancelled') return
  // It finished before it could be cancelled, and another run reads its data: two would be judged on the same.
  const state = view.state === 'succeeded' && run.givenTo ? 'cancelled' : view.state
  const why = view.error ?? `the job ${run.jobId} ${view.state}`
  const reason = state === 'succeeded' ? successReason(run) : run.givenTo ? run.reason : why
  const data = state === 'cancelled' ? undefined : await dataAfter(ports, run, context)
  const at = context.now()
  const details = [...view.details, ...(data?.told ?? [])]
  const cause = { kind: 'upstream', repository: run.repository, pipeline: run.pipeline, run: run.id } as const
  const listeners = state === 'succeeded' ? await listenersOf(ports, cause, context) : []
  const seen = { ...run, changedData: data?.changed ?? null }
  await ports.store.transaction(async (tx) => {
    const written = await endRun(tx, ports, seen, { kind: 'ended', state, reason, details, tasks, at }, at)
    if (written === undefined) return
    for (const told of data?.told ?? [])
      await tx.record({ at, kind: 'run', id: run.id, from: state, to: state, by: 'winnow', why: told })
    if (state !== 'succeeded') return
    await wantVerdict(tx, written, at)
    if (listeners.length > 0) await tellUpstream(tx, listeners, cause, await lineageAfter(tx, written), at)
  })
  context.log.info({ run: run.id, job: run.jobId, state, reason }, 'run ended')
}

/** Whether what it read was all the time what it was launched with. */
const dataAfter = async (
  ports: WatchPorts,
  run: Run,
  context: StepContext,
): Promise<{ readonly changed: readonly string[] | null; readonly told: readonly string[] } | undefined> => {
  if (run.manifest.length === 0) return undefined
  try {
    const { changed, unseen } = await lookAgain(ports, run, context.signal)
    const [first] = unseen
    if (first !== undefined && changed.length === 0)
      return {
        changed: null,
        told: [`whether its data changed while it ran is not known: nothing in the config can look at ${first.uri}`],
      }
    return {
      changed: changed.map(({ pinned }) => pinned.uri),
      told: changed.map((one) => `its data changed while it ran: ${describeChanged(one)}`),
    }
  } catch (error) {
    if (!isFault(error) || context.signal.aborted) throw error
    return { changed: null, told: [`whether its data changed while it ran is not known: ${error.message}`] }
  }
}

const successReason = (run: Run): string =>
  run.policy === null || run.model === null
    ? 'the pipeline has no policy in winnow.yaml, so nothing is judged and nothing is delivered'
    : `to be judged by ${run.policy}`
