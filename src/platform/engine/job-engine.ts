import { randomUUID } from 'node:crypto'
import { access, readdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Fault, messageOf } from '../../domain/errors.ts'
import type { Time } from '../../domain/time.ts'
import { startJob } from '../../pipelines/interpreter.ts'
import { PipelineSpec } from '../../pipelines/ir.ts'
import { createNodePackages } from '../../processes/node-packages.ts'
import type { PythonEnvironments } from '../../processes/python-environments.ts'
import type { Addresses } from '../addresses.ts'
import type { PlatformServices } from '../services.ts'
import { createTaskCache } from './cache/task-cache.ts'
import type { Containers } from './containers/containers.ts'
import { platformLabel } from './containers/image-work.ts'
import type { EngineJob, EngineJobView } from './job.ts'
import { jobContext, jobFiles, jobFolder } from './job-files.ts'
import { type JobRun, runJob } from './job-run.ts'
import { openJournal } from './journal/journal.ts'
import { hasEnded } from './journal/journal-again.ts'
import type { Sandbox } from './sandbox.ts'
import { createSlots } from './slots.ts'
import type { JobRuntime } from './task-attempt.ts'
import { createTaskRunner } from './task-runner.ts'
import { createWarmPool } from './warm/warm-pool.ts'
import { type FindNative, requireRunnable } from './work/runnable.ts'

export interface JobEngineOptions {
  /** Jobs lie in `root/jobs`, cached outputs in `root/cache`, artifacts without a pipeline root in `root/artifacts`. */
  readonly root: string
  /** Where packages of npm are installed; below the root where it is left out. */
  readonly nodePackagesFolder?: string
  readonly environments: PythonEnvironments
  readonly findNative: FindNative
  readonly services: PlatformServices
  readonly addresses: Addresses
  /** `host:port` of the platform's gRPC face. */
  readonly vertexEndpoint: () => string
  /** `http://host:port` of its REST face. */
  readonly restEndpoint?: () => string
  readonly containers: Containers
  /** `false`: tasks reach nothing, the platform included. */
  readonly network?: boolean
  readonly sandbox?: Sandbox
  /** How many tasks run at once, over all jobs. Default: two for each core, four at least. */
  readonly parallelism?: number
  /** The longest that one attempt may take, in milliseconds. Default: for ever. */
  readonly taskTimeoutMs?: number
  /** `false`: every Python component starts a Python of its own. Default: they are forked from one that has loaded kfp. */
  readonly warmPython?: boolean
  readonly log?: (message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly onUpdate?: (view: EngineJobView) => void
}

export interface Engine {
  /**
   * Starts a job, or goes on with the one of this id where its journal ends. Rejects, before anything runs, with
   * `pipeline_invalid` or `component_unsupported`.
   */
  start(job: EngineJob): Promise<void>
  /**
   * Begins a job that has failed or was cancelled again: what succeeded stays as it is, all else runs. Rejects as
   * `start` does; Fault `target_refused` where it is under way.
   */
  retry(job: EngineJob): Promise<void>
  /** Stops the tasks of a job; its exit tasks still run. False where no such job is under way. */
  cancel(id: string): Promise<boolean>
  /** Goes on with every job whose journal has no end. */
  resume(): Promise<void>
  /** Resolves with a job's last view when it has ended, or at once where it is not under way. */
  ended(id: string): Promise<EngineJobView | undefined>
  view(id: string): EngineJobView | undefined
  /** Removes a job that has ended: its logs, journal and scratch. Artifacts stay. */
  forget(id: string): Promise<void>
  close(): Promise<void>
}

const parseSpec = (job: EngineJob): PipelineSpec => {
  const parsed = PipelineSpec.safeParse(job.spec)
  if (parsed.success) return parsed.data
  const details = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new Fault('pipeline_invalid', `The pipeline of ${job.id} is no pipeline spec: ${details[0] ?? ''}`, {
    remedy: 'Compile it again with a current kfp.',
    details,
  })
}

/** A job whose id is a UUID, as Kubeflow's are, has that one. */
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const stillRunning = (id: string, remedy: string): Fault =>
  new Fault('target_refused', `the job ${id} is still running`, { remedy })

/** Runs pipelines on this machine: the interpreter says what is ready, the engine runs it as processes. */
export const createJobEngine = (options: JobEngineOptions): Engine => {
  const { root, addresses, environments, services, findNative, containers } = options
  const runs = new Map<string, JobRun>()
  const opening = new Map<string, Promise<void>>()
  const warm = options.warmPython === false ? undefined : createWarmPool()
  const runTask = createTaskRunner({
    ...(warm === undefined ? {} : { warm }),
    platform: { services, addresses, environments },
    nodePackages: createNodePackages({ folder: options.nodePackagesFolder ?? join(root, 'node-packages') }),
    slots: createSlots(options.parallelism ?? Math.max(4, availableParallelism() * 2)),
    cache: createTaskCache(join(root, 'cache'), addresses),
    addresses,
    findNative,
    containers,
    containerLabel: platformLabel(root),
    ...(options.network === undefined ? {} : { network: options.network }),
    ...(options.sandbox === undefined ? {} : { sandbox: options.sandbox }),
    vertexEndpoint: options.vertexEndpoint,
    ...(options.restEndpoint === undefined ? {} : { restEndpoint: options.restEndpoint }),
    ...(options.taskTimeoutMs === undefined ? {} : { taskTimeoutMs: options.taskTimeoutMs }),
  })

  const runtimeOf = (job: EngineJob, uuid: string, createdAt: Time): JobRuntime => {
    const artifactRoot = job.pipelineRoot === '' ? join(root, 'artifacts') : addresses.resolve(job.pipelineRoot)
    const files = jobFiles(root, artifactRoot, job.id)
    return { job, uuid, spec: parseSpec(job), files, context: jobContext(job, uuid, createdAt, files, artifactRoot) }
  }

  const run = async (runtime: JobRuntime, at: Time): Promise<void> => {
    const { job } = runtime
    const { journal, records } = await openJournal(runtime.files.journal)
    const header = records[0]
    if (header === undefined) await journal.append({ kind: 'job', at, uuid: runtime.uuid, job }, true)
    const begun = header?.kind === 'job' ? runtimeOf(header.job, header.uuid, header.at) : runtime
    const started = runJob({
      runtime: begun,
      journal,
      records: header === undefined ? [{ kind: 'job', at, uuid: runtime.uuid, job }] : records,
      runTask,
      now: Date.now,
      onUpdate: (view) => options.onUpdate?.(view),
    })
    runs.set(job.id, started)
    options.log?.(header === undefined ? 'job started' : 'job resumed', { job: job.id })
    void started.ended.then((view) => {
      if (runs.get(job.id) === started) runs.delete(job.id)
      options.log?.('job ended', { job: job.id, state: view.state })
    })
  }

  const begin = async (job: EngineJob): Promise<void> => {
    if (runs.has(job.id)) return
    const at = Date.now()
    const runtime = runtimeOf(job, uuidPattern.test(job.id) ? job.id : randomUUID(), at)
    requireRunnable(runtime.spec, { findNative, containers })
    // Parameters that do not fit are refused here, before the job has a folder.
    startJob(runtime.spec, job.parameters, runtime.context)
    await run(runtime, at)
  }

  const once = (id: string, work: () => Promise<void>): Promise<void> => {
    const known = opening.get(id)
    if (known !== undefined) return known
    const opened = work().finally(() => opening.delete(id))
    opening.set(id, opened)
    return opened
  }

  const beginAgain = async (job: EngineJob): Promise<void> => {
    if (runs.has(job.id)) throw stillRunning(job.id, 'wait for its end, or cancel it')
    const path = join(jobFolder(root, job.id), 'journal.jsonl')
    // Where it was refused before it began there is none.
    if (await exists(path)) {
      const { journal } = await openJournal(path)
      await journal.append({ kind: 'again', at: Date.now() }, true).finally(() => journal.close())
    }
    await begin(job)
  }

  const resumeOne = async (path: string): Promise<void> => {
    if (!(await exists(path))) return
    const { journal, records } = await openJournal(path)
    await journal.close()
    const [header] = records
    if (header?.kind !== 'job' || hasEnded(records) || runs.has(header.job.id)) return
    await once(header.job.id, () => run(runtimeOf(header.job, header.uuid, header.at), header.at))
  }

  return {
    start: (job) => once(job.id, () => begin(job)),
    retry: (job) => once(job.id, () => beginAgain(job)),

    async cancel(id) {
      await opening.get(id)?.catch(() => {})
      const found = runs.get(id)
      await found?.cancel()
      return found !== undefined
    },

    async resume() {
      const folders = await readdir(join(root, 'jobs')).catch(() => [])
      for (const folder of folders.sort()) {
        // One job that cannot be taken up must not keep the others from it.
        await resumeOne(join(root, 'jobs', folder, 'journal.jsonl')).catch((error: unknown) =>
          options.log?.('job not resumed', { folder, error: messageOf(error) }),
        )
      }
    },

    async ended(id) {
      return runs.get(id)?.ended
    },
    view: (id) => runs.get(id)?.view(),

    async forget(id) {
      if (runs.has(id)) throw stillRunning(id, 'cancel it first')
      await rm(jobFolder(root, id), { recursive: true, force: true })
    },

    async close() {
      await Promise.allSettled([...opening.values()])
      await Promise.allSettled([...runs.values()].map((started) => started.stop()))
      runs.clear()
      await warm?.close()
    },
  }
}
