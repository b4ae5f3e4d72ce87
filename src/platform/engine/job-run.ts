import { messageOf } from '../../domain/errors.ts'
import type { Time } from '../../domain/time.ts'
import type { Effect, ExecutionEvent, ReadyTask, TaskPath } from '../../pipelines/execution.ts'
import { advance, startJob } from '../../pipelines/interpreter.ts'
import type { JobState, Step } from '../../pipelines/job-state.ts'
import { killLeftovers, type ProcessIdentity } from '../../processes/process-table.ts'
import type { EngineJobView } from './job.ts'
import { createJobView } from './job-view.ts'
import type { CacheWord, Journal, JournalRecord } from './journal/journal.ts'
import { attemptsOf, standingRecords } from './journal/journal-again.ts'
import type { JobRuntime } from './task-attempt.ts'
import type { AttemptRecorder, TaskHistory, TaskRunner } from './task-runner.ts'

/** One job under way. */
export interface JobRun {
  cancel(): Promise<void>
  /** Stops its tasks and lets go of it; the journal stays open-ended, so that a later life goes on. */
  stop(): Promise<void>
  /** Resolves with the last view, when the job has ended or was stopped. */
  readonly ended: Promise<EngineJobView>
  view(): EngineJobView
}

export interface JobRunOptions {
  readonly runtime: JobRuntime
  readonly journal: Journal
  /** What earlier lives wrote; the first record is the job's. */
  readonly records: readonly JournalRecord[]
  readonly runTask: TaskRunner
  readonly now: () => Time
  readonly onUpdate: (view: EngineJobView) => void
}

const none: TaskHistory = { attempts: 0, failures: 0 }

/**
 * Carries a job from where its journal ends to its end. What has ended is replayed from the journal and never runs
 * twice; what was running is killed, if it still lives, and runs again.
 */
export const runJob = (options: JobRunOptions): JobRun => {
  const { runtime, journal, records, runTask, now, onUpdate } = options
  const view = createJobView(runtime, records[0]?.at ?? now())
  /** Tasks that have started and not ended. */
  const pending = new Map<TaskPath, ReadyTask>()
  /** Those among them that run in this life. */
  const running = new Map<TaskPath, { readonly abort: AbortController; readonly done: Promise<void> }>()
  const history = new Map<TaskPath, TaskHistory>()
  /** DAGs that pause before they are tried again. */
  const pauses = new Map<TaskPath, { readonly failures: number; readonly afterMs: number; timer?: NodeJS.Timeout }>()
  const dropPauses = (): void => {
    for (const { timer } of pauses.values()) clearTimeout(timer)
    pauses.clear()
  }
  const unfinished = new Map<string, { readonly path: TaskPath; readonly processes: ProcessIdentity[] }>()
  let state: JobState
  let end: Extract<Effect, { kind: 'end' }> | undefined
  let stopping = false
  let over = false
  let resolveEnded: (view: EngineJobView) => void
  const ended = new Promise<EngineJobView>((resolve) => {
    resolveEnded = resolve
  })

  const take = (step: Step, at: Time): void => {
    state = step.state
    view.effects(step.effects, at)
    for (const effect of step.effects) {
      if (effect.kind === 'start') pending.set(effect.task.path, effect.task)
      if (effect.kind === 'group' && effect.retry !== undefined) pauses.set(effect.path, { ...effect.retry })
      if (effect.kind === 'end') end = effect
    }
  }
  const settle = (path: TaskPath): void => {
    pending.delete(path)
    running.delete(path)
    for (const [token, attempt] of unfinished) if (attempt.path === path) unfinished.delete(token)
  }
  const apply = (event: ExecutionEvent, cache: CacheWord, at: Time): void => {
    if (event.kind === 'cancel') dropPauses()
    if (event.kind === 'resumed') pauses.delete(event.path)
    else view.event(event, cache, at)
    if (event.kind !== 'cancel' && event.kind !== 'resumed') settle(event.path)
    take(advance(state, event), at)
  }

  const onAttempt = (path: TaskPath, attempt: number, token: string, at: Time): void => {
    history.set(path, { attempts: attempt, failures: history.get(path)?.failures ?? 0 })
    unfinished.set(token, { path, processes: [] })
    view.attempt(path, attempt, at)
  }
  const onProcess = (path: TaskPath, process: ProcessIdentity): void => {
    for (const attempt of unfinished.values()) if (attempt.path === path) attempt.processes.push(process)
  }
  const onRetry = (path: TaskPath): void => {
    const known = history.get(path) ?? none
    history.set(path, { ...known, failures: known.failures + 1 })
  }

  /** Tasks that were running when the job was cancelled, in a life that ended before they did. */
  const cancelledEarlier = new Set<TaskPath>()
  const replay = (): boolean => {
    const begin = (): Step => startJob(runtime.spec, runtime.job.parameters, runtime.context, startOptions(runtime))
    take(begin(), records[0]?.at ?? now())
    for (const [path, attempts] of attemptsOf(records)) history.set(path, { attempts, failures: 0 })
    for (const record of standingRecords(records, begin)) {
      if (record.kind === 'attempt') onAttempt(record.path, record.attempt, record.token, record.at)
      if (record.kind === 'process') onProcess(record.path, record.process)
      if (record.kind === 'retry') onRetry(record.path)
      if (record.kind === 'event') {
        if (record.event.kind === 'cancel') for (const path of pending.keys()) cancelledEarlier.add(path)
        apply(record.event, record, record.at)
      }
      if (record.kind === 'end') {
        view.end(record.state, record.error, record.at)
        return true
      }
    }
    return false
  }

  const finish = async (last: NonNullable<typeof end>): Promise<void> => {
    const at = now()
    await journal.append({ kind: 'end', at, state: last.state, error: last.error }, true)
    over = true
    view.end(last.state, last.error, at)
    await journal.close()
    const final = view.snapshot()
    onUpdate(final)
    resolveEnded(final)
  }

  /** The journal cannot be written: nothing that happens now would be remembered, so nothing may happen. */
  const breakDown = (error: unknown): void => {
    if (over) return
    over = true
    dropPauses()
    for (const { abort } of running.values()) abort.abort()
    view.end('failed', messageOf(error), now())
    void journal.close().catch(() => {})
    const final = view.snapshot()
    onUpdate(final)
    resolveEnded(final)
  }

  let last: Promise<void> = Promise.resolve()
  /** Written before it is believed: what the interpreter has been told is what a later life will tell it. */
  const tell = (event: ExecutionEvent, cache: CacheWord = { cached: false }): Promise<void> => {
    last = last
      .then(async () => {
        if (over || stopping) return
        const at = now()
        await journal.append({ kind: 'event', at, event, ...cache }, true)
        apply(event, cache, at)
        await proceed()
      })
      .catch(breakDown)
    return last
  }

  const recorder: AttemptRecorder = {
    attempt: async (path, attempt, token) => {
      const at = now()
      await journal.append({ kind: 'attempt', at, path, attempt, token })
      onAttempt(path, attempt, token, at)
      onUpdate(view.snapshot())
    },
    process: (path, process) => {
      onProcess(path, process)
      journal.append({ kind: 'process', at: now(), path, process }).catch(breakDown)
    },
    retry: async (path, attempt, error) => {
      await journal.append({ kind: 'retry', at: now(), path, attempt, error })
      onRetry(path)
    },
    doing: (path, what) => {
      view.doing(path, what)
      onUpdate(view.snapshot())
    },
  }

  const launch = (task: ReadyTask): void => {
    const abort = new AbortController()
    const work = async (): Promise<void> => {
      try {
        const outcome = await runTask(runtime, task, history.get(task.path) ?? none, recorder, abort.signal)
        // It stays among the running ones until its event is applied: what is pending and not running is launched.
        if (stopping || over) return
        const { path } = task
        if (outcome.kind === 'succeeded')
          await tell({ kind: 'succeeded', path, outputs: outcome.outputs }, outcome.cache)
        else if (outcome.kind === 'failed')
          await tell({ kind: 'failed', path, error: outcome.error, details: outcome.details })
        else await tell({ kind: 'cancelled', path })
      } catch (error) {
        running.delete(task.path)
        breakDown(error)
      }
    }
    // The entry must be there before the work can end.
    const started = Promise.resolve().then(work)
    running.set(task.path, { abort, done: started })
  }

  const proceed = async (): Promise<void> => {
    if (end !== undefined) return finish(end)
    for (const [path, pause] of pauses) {
      const { failures, afterMs } = pause
      pause.timer ??= setTimeout(() => void tell({ kind: 'resumed', path, failures }), afterMs)
    }
    for (const [path, task] of pending) if (!running.has(path) && !cancelledEarlier.has(path)) launch(task)
    onUpdate(view.snapshot())
  }

  if (replay()) {
    over = true
    const begin = async (): Promise<void> => {
      await journal.close()
      const final = view.snapshot()
      onUpdate(final)
      resolveEnded(final)
    }
    void begin().catch(() => {})
  } else {
    for (const [token, { processes }] of unfinished) killLeftovers(token, processes)
    unfinished.clear()
    last = Promise.resolve().then(proceed).catch(breakDown)
    for (const path of cancelledEarlier) if (pending.has(path)) void tell({ kind: 'cancelled', path })
  }

  return {
    async cancel() {
      const before = [...running.keys()]
      await tell({ kind: 'cancel' })
      if (over) return
      // Exit tasks that the cancelling itself started go on; a second request stops them too.
      view.cancelling(before.filter((path) => running.has(path)))
      for (const path of before) running.get(path)?.abort.abort(new Error('the job is being cancelled'))
      onUpdate(view.snapshot())
    },
    async stop() {
      stopping = true
      dropPauses()
      for (const { abort } of running.values()) abort.abort(new Error('the platform stops'))
      await Promise.allSettled([...running.values()].map(({ done }) => done))
      await last
      if (over) return
      over = true
      await journal.close()
      resolveEnded(view.snapshot())
    },
    ended,
    view: () => view.snapshot(),
  }
}

const startOptions = ({ job }: JobRuntime) =>
  job.failurePolicy === undefined ? {} : { failurePolicy: job.failurePolicy }
