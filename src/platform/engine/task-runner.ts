import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonObject } from '../../domain/json.ts'
import type { ReadyTask, TaskOutputs, TaskPath } from '../../pipelines/execution.ts'
import { retryDelayMs } from '../../pipelines/retry.ts'
import { inProcessScope } from '../../processes/process-scope.ts'
import { type ProcessIdentity, processesOfScope, signalProcess } from '../../processes/process-table.ts'
import type { CacheKey, TaskCache } from './cache/task-cache.ts'
import type { CacheWord } from './journal/journal.ts'
import { leftOutOfTask, withWishes } from './platform-wishes.ts'
import type { Slots } from './slots.ts'
import { type JobRuntime, openAttempt } from './task-attempt.ts'
import { type TaskFailure, taskFailure } from './task-failure.ts'
import { quantity } from './task-limits.ts'
import { findWork } from './work/find-work.ts'
import type { CacheBasis, WorkOptions } from './work/work.ts'

type TaskOutcome =
  | { readonly kind: 'succeeded'; readonly outputs: TaskOutputs; readonly cache: CacheWord }
  | ({ readonly kind: 'failed' } & TaskFailure)
  | { readonly kind: 'cancelled' }

/** What a runner writes down while a task runs; a promise resolves when the record is written. */
export interface AttemptRecorder {
  attempt(path: TaskPath, attempt: number, token: string): Promise<void>
  process(path: TaskPath, process: ProcessIdentity): void
  retry(path: TaskPath, attempt: number, error: string): Promise<void>
  /** What a task waits for before it begins, `making a Python environment`; null where it waits no longer. Not kept. */
  doing(path: TaskPath, what: string | null): void
}

/** What earlier lives of the controller have done for a task. */
export interface TaskHistory {
  readonly attempts: number
  readonly failures: number
}

export interface TaskRunnerOptions extends WorkOptions {
  readonly slots: Slots
  readonly cache: TaskCache
}

export type TaskRunner = (
  runtime: JobRuntime,
  task: ReadyTask,
  history: TaskHistory,
  recorder: AttemptRecorder,
  signal: AbortSignal,
) => Promise<TaskOutcome>

/** A task takes a place for each core that it asks for. What only its inputs tell is one core here. */
const coresOf = ({ executor }: ReadyTask): number => {
  const { cpuLimit, resourceCpuLimit } = executor.kind === 'container' ? executor.resources : {}
  const asked = typeof resourceCpuLimit === 'string' ? quantity(resourceCpuLimit) : cpuLimit
  return typeof asked === 'number' ? asked : 1
}

/** Runs one task to its end: a place among the running ones, the cache, attempts with pauses between them. */
export const createTaskRunner = (options: TaskRunnerOptions): TaskRunner => {
  const { slots, cache } = options

  /** What to ask the cache for; or why it is not asked. An environment is made for it only where it is needed. */
  const keyOf = async (
    { spec, job }: JobRuntime,
    task: ReadyTask,
    basis: () => Promise<CacheBasis>,
  ): Promise<CacheKey | string> => {
    if (job.enableCaching === false) return 'caching is off for this run'
    if (!(job.enableCaching ?? task.cacheable)) return 'caching is off for this task'
    const based = await basis()
    if (based.kind === 'never') return based.reason
    const component = (spec.components?.[task.componentName] ?? {}) as JsonObject
    const pipeline = spec.pipelineInfo?.name ?? ''
    const key = await cache.key({ task, component, pipeline, environment: based.digest })
    return key ?? 'its command holds what is different in each run'
  }

  /** In the scope of its token, so that whatever it starts can be found; nothing of it outlives a failed attempt. */
  const inScope = async <T>(
    path: TaskPath,
    token: string,
    recorder: AttemptRecorder,
    work: () => Promise<T>,
  ): Promise<T> => {
    let unaccounted = 0
    const onStart = (process: ProcessIdentity): void => {
      unaccounted += 1
      recorder.process(path, process)
    }
    const onGone = (): void => {
      unaccounted -= 1
    }
    try {
      return await inProcessScope({ token, onStart, onGone }, work)
    } finally {
      // To look for them means to read of every process of this machine.
      if (unaccounted > 0) for (const pid of processesOfScope(token)) signalProcess(pid, 'SIGKILL')
    }
  }

  const tryOnce = async (
    runtime: JobRuntime,
    task: ReadyTask,
    number: number,
    recorder: AttemptRecorder,
    signal: AbortSignal,
  ): Promise<TaskOutcome> => {
    const token = randomUUID()
    await recorder.attempt(task.path, number, token)
    const attempt = await openAttempt(runtime, task, number, options.addresses, (what) =>
      recorder.doing(task.path, what),
    )
    try {
      for (const line of leftOutOfTask(runtime.spec, task)) attempt.log(`left out here: ${line}`)
      const work = findWork(runtime, withWishes(runtime, task), options)
      const key = await keyOf(runtime, task, () => work.basis(attempt, signal))
      const answer =
        typeof key === 'string' ? { hit: false as const, reason: key, changed: false } : await cache.find(key)
      attempt.log(`cache: ${answer.hit ? 'hit' : 'miss'}, ${answer.reason}`)
      const changed = !answer.hit && answer.changed === true
      const word = { cached: answer.hit, cacheReason: answer.reason, ...(changed && { cacheChanged: true }) }
      if (answer.hit) return { kind: 'succeeded', outputs: answer.outputs, cache: word }
      const outputs = await inScope(task.path, token, recorder, () => work.run(attempt, signal))
      signal.throwIfAborted()
      if (typeof key !== 'string') await cache.store(key, outputs, runtime.job.id)
      return { kind: 'succeeded', outputs, cache: word }
    } catch (error) {
      if (!signal.aborted) attempt.log(taskFailure(error).error)
      throw error
    }
  }

  return async (runtime, task, history, recorder, signal) => {
    let number = history.attempts
    for (let failures = history.failures; ; ) {
      try {
        number += 1
        const tryIt = () => tryOnce(runtime, task, number, recorder, signal)
        return await (runtime.job.startsAtOnce === true ? tryIt() : slots.hold(signal, tryIt, coresOf(task)))
      } catch (error) {
        if (signal.aborted) return { kind: 'cancelled' }
        failures += 1
        const failure = taskFailure(error)
        if (failures > task.retry.maxRetries) return { kind: 'failed', ...failure }
        await recorder.retry(task.path, number, failure.error)
        await sleep(retryDelayMs(task.retry, failures), undefined, { signal }).catch(() => {})
        if (signal.aborted) return { kind: 'cancelled' }
      }
    }
  }
}
