import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Time } from '../../domain/time.ts'
import type { Effect, ExecutionEvent, TaskPath } from '../../pipelines/execution.ts'
import { type EngineJobView, type EngineTaskView, noInputs, noOutputs } from './job.ts'
import { numericId } from './job-files.ts'
import type { CacheWord } from './journal/journal.ts'
import { leftOut } from './platform-wishes.ts'
import type { JobRuntime } from './task-attempt.ts'

/** What is known of a job, built from the same events live and in replay. */
export interface JobView {
  effects(effects: readonly Effect[], at: Time): void
  attempt(path: TaskPath, attempt: number, at: Time): void
  event(event: ExecutionEvent, cache: CacheWord, at: Time): void
  doing(path: TaskPath, what: string | null): void
  /** The tasks that are being stopped. */
  cancelling(paths: readonly TaskPath[]): void
  end(state: EngineJobView['state'], error: string | null, at: Time): void
  snapshot(): EngineJobView
}

const parentOf = (path: TaskPath): TaskPath | null => {
  // `root.loop[3]` is a turn of `root.loop`.
  const loop = /^(.*)\[\d+\]$/.exec(path)?.[1]
  if (loop !== undefined) return loop.replace(/~\d+$/, '')
  const end = path.lastIndexOf('.')
  // `root.train~2.fit` is of the second try of `root.train`.
  return end < 0 ? null : path.slice(0, end).replace(/~\d+$/, '')
}

export const createJobView = ({ job, uuid, files, spec }: JobRuntime, startedAt: Time): JobView => {
  const leftOutHere = leftOut(spec)
  const tasks = new Map<TaskPath, EngineTaskView>()
  let state: EngineJobView['state'] = 'running'
  let error: string | null = null
  let endedAt: Time | null = null
  let outputs = noOutputs

  const change = (path: TaskPath, name: string, at: Time, changes: Partial<EngineTaskView>): void => {
    const known = tasks.get(path) ?? {
      path,
      name,
      kind: 'task',
      id: numericId(uuid, path),
      parent: parentOf(path),
      state: 'running',
      createdAt: at,
      startedAt: null,
      endedAt: null,
      attempts: 0,
      reason: null,
      details: [],
      cacheReason: null,
      cacheChanged: false,
      doing: null,
      logUri: null,
      inputs: noInputs,
      outputs: noOutputs,
    }
    tasks.set(path, { ...known, ...changes })
  }
  const nameOf = (path: TaskPath): string => tasks.get(path)?.name ?? path.slice(path.lastIndexOf('.') + 1)

  const group = (one: Extract<Effect, { kind: 'group' }>, at: Time): void => {
    const known = tasks.get(one.path)
    change(one.path, one.name, at, {
      // What an executor left can be refused: then a task that ran comes back as failed.
      kind: (known?.attempts ?? 0) > 0 ? 'task' : 'group',
      state: one.state,
      reason: one.error,
      startedAt: known?.startedAt ?? at,
      endedAt: one.state === 'running' ? null : at,
    })
  }

  const effect = (one: Effect, at: Time): void => {
    if (one.kind === 'start') change(one.task.path, one.task.name, at, { inputs: one.task.inputs })
    else if (one.kind === 'skip') change(one.path, one.name, at, { state: one.state, reason: one.reason, endedAt: at })
    else if (one.kind === 'group') group(one, at)
    else {
      outputs = one.outputs
      error = one.error
    }
  }

  const ending = (event: Exclude<ExecutionEvent, { kind: 'cancel' }>, cache: CacheWord): Partial<EngineTaskView> => {
    if (event.kind === 'succeeded')
      return {
        state: cache.cached ? 'cached' : 'succeeded',
        outputs: event.outputs,
        cacheReason: cache.cacheReason ?? null,
        cacheChanged: cache.cacheChanged ?? false,
      }
    if (event.kind === 'failed') return { state: 'failed', reason: event.error, details: event.details ?? [] }
    return { state: 'cancelled', reason: 'the job was cancelled' }
  }

  return {
    effects(effects, at) {
      for (const one of effects) effect(one, at)
    },
    attempt(path, attempt, at) {
      const logUri = pathToFileURL(join(files.attempt(path, attempt), 'executor.log')).href
      change(path, nameOf(path), at, { attempts: attempt, logUri, startedAt: tasks.get(path)?.startedAt ?? at })
    },
    event(event, cache, at) {
      if (event.kind === 'cancel') state = 'cancelling'
      else change(event.path, nameOf(event.path), at, { ...ending(event, cache), endedAt: at })
    },
    doing(path, what) {
      const task = tasks.get(path)
      if (task !== undefined) tasks.set(path, { ...task, doing: what })
    },
    cancelling(paths) {
      for (const path of paths) {
        const task = tasks.get(path)
        if (task !== undefined) tasks.set(path, { ...task, state: 'cancelling' })
      }
    },
    end(final, why, at) {
      state = final
      error = why
      endedAt = at
    },
    snapshot: () => ({
      resourceName: job.resourceName,
      id: job.id,
      uuid,
      state,
      error,
      startedAt,
      endedAt,
      tasks: [...tasks.values()],
      outputs,
      leftOut: leftOutHere,
    }),
  }
}
