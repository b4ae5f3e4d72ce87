import type { JsonObject } from '../domain/json.ts'
import type { Log } from '../log.ts'
import { plainParameters } from '../pipelines/parameters.ts'
import type { EngineJob, EngineJobView } from './engine/job.ts'
import type { Engine } from './engine/job-engine.ts'
import { jobProgress } from './job-details.ts'
import type { Collection } from './records.ts'
import { endedStates, type PipelineJob, timestampOf } from './resources.ts'
import { statusOf } from './status.ts'

/** How soon an end that could not be written is written again. Milliseconds. */
const rewriteAfter = 2_000

/** Pipeline jobs: their records, which last, and the engine that runs them and knows how they stand. */
export interface PipelineJobs {
  /** Records the job and starts it. What the engine refuses makes the job FAILED. False where the name is taken. */
  create(job: PipelineJob): Promise<boolean>
  /** The job as it stands now. */
  get(name: string): PipelineJob | undefined
  list(prefix: string): readonly PipelineJob[]
  /** The name of the job that has this id, wherever it is: the engine knows jobs by their ids alone. */
  nameOf(id: string): string | undefined
  /** False where the job has ended already. */
  cancel(name: string): Promise<boolean>
  /** Begins a job again that failed or was cancelled; what succeeded is not done twice. False for any other. */
  retry(name: string): Promise<boolean>
  remove(name: string): Promise<void>
  /** Takes up every job that has not ended. */
  resume(): Promise<void>
}

/** `startEngine` is given what must be told of every change of a job. */
export const createPipelineJobs = ({
  jobs,
  startEngine,
  now,
  log,
}: {
  jobs: Collection<PipelineJob>
  startEngine: (onUpdate: (view: EngineJobView) => void) => Engine
  now: () => number
  log: Log
}): PipelineJobs => {
  // Ends that the disk did not take yet: told to whoever asks, and written when there is room.
  const unwritten = new Map<string, Partial<PipelineJob>>()

  const write = async (name: string, progress: Partial<PipelineJob>): Promise<void> => {
    try {
      await jobs.update(name, (job) => ({ ...job, ...progress, updateTime: timestampOf(now()) }))
      unwritten.delete(name)
    } catch (error) {
      log.error({ job: name, error }, 'a pipeline job could not be written; it is tried again')
      unwritten.set(name, progress)
      setTimeout(() => void write(name, progress), rewriteAfter).unref()
    }
  }

  const engine = startEngine((view) => {
    // While it runs, whoever asks is answered from the engine; its journal makes that survive.
    if (view.endedAt !== null) void write(view.resourceName, jobProgress(view))
  })

  const start = async (job: PipelineJob, how: 'start' | 'retry' = 'start'): Promise<void> => {
    try {
      await engine[how](engineJob(job))
      if (jobs.get(job.name)?.state === 'PIPELINE_STATE_CANCELLING') await engine.cancel(idOf(job.name))
    } catch (error) {
      const ended = timestampOf(now())
      const { code, message } = statusOf(error)
      await write(job.name, { state: 'PIPELINE_STATE_FAILED', error: { code, message }, endTime: ended })
    }
  }

  const shown = (job: PipelineJob): PipelineJob => {
    if (endedStates.has(job.state)) return job
    const late = unwritten.get(job.name)
    if (late !== undefined) return { ...job, ...late }
    const view = engine.view(idOf(job.name))
    if (!view) return job
    const progress = jobProgress(view)
    const cancelling = job.state === 'PIPELINE_STATE_CANCELLING' && progress.state === 'PIPELINE_STATE_RUNNING'
    return { ...job, ...progress, ...(cancelling && { state: job.state }) }
  }

  return {
    create: async (job) => {
      if (!(await jobs.insert(job))) return false
      void start(job)
      return true
    },
    get: (name) => {
      const job = jobs.get(name)
      return job && shown(job)
    },
    list: (prefix) => jobs.list(prefix).map(shown),
    nameOf: (id) => jobs.list().find(({ name }) => idOf(name) === id)?.name,
    cancel: async (name) => {
      const job = jobs.get(name)
      if (!job || endedStates.has(job.state)) return false
      await jobs.update(name, (found) =>
        endedStates.has(found.state)
          ? found
          : { ...found, state: 'PIPELINE_STATE_CANCELLING', updateTime: timestampOf(now()) },
      )
      // Where it is only starting, start() sees the state and cancels.
      await engine.cancel(idOf(name))
      return true
    },
    retry: async (name) => {
      const job = jobs.get(name)
      if (!job || !retriableStates.has(job.state)) return false
      await jobs.update(name, ({ endTime: _ended, error: _error, ...found }) => ({
        ...found,
        state: 'PIPELINE_STATE_PENDING',
        updateTime: timestampOf(now()),
      }))
      // Until the journal says so, a crash would leave the job as it had ended.
      await start(job, 'retry')
      return true
    },
    remove: async (name) => {
      await engine.forget(idOf(name))
      await jobs.remove(name)
    },
    resume: async () => {
      for (const job of jobs.list()) if (!endedStates.has(job.state)) await start(job)
    },
  }
}

const retriableStates: ReadonlySet<string> = new Set(['PIPELINE_STATE_FAILED', 'PIPELINE_STATE_CANCELLED'])

const idOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1)

/** Plain parameters, whichever of the two forms the job's schema has. */
export const parametersOf = ({ runtimeConfig }: Pick<PipelineJob, 'runtimeConfig'>): JsonObject => ({
  ...plainParameters((runtimeConfig.parameters ?? {}) as JsonObject),
  ...runtimeConfig.parameterValues,
})

const engineJob = (job: PipelineJob): EngineJob => ({
  resourceName: job.name,
  id: idOf(job.name),
  spec: job.pipelineSpec,
  parameters: parametersOf(job),
  labels: job.labels ?? {},
  startsAtOnce: job.customJob !== undefined,
  pipelineRoot: job.runtimeConfig.gcsOutputDirectory ?? '',
  failurePolicy: job.runtimeConfig.failurePolicy === 'PIPELINE_FAILURE_POLICY_FAIL_FAST' ? 'fast' : 'slow',
})
