import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isFault } from '../../domain/errors.ts'
import type { ContainerExecutor, JobContext, ReadyTask, TaskOutputs } from '../../pipelines/execution.ts'
import { containerScope, type ExecutorLayout } from '../../pipelines/executor-input.ts'
import type { PipelineSpec } from '../../pipelines/ir.ts'
import { type ProcessRequest, type ProcessResult, runProcess } from '../../processes/run-process.ts'
import type { Addresses } from '../addresses.ts'
import { outputFolders } from './containers/output-folder.ts'
import { readTaskOutputs } from './executor-output.ts'
import { withHints } from './failure-hints.ts'
import type { EngineJob } from './job.ts'
import { type JobFiles, numericId } from './job-files.ts'
import { taskDeadlineMs } from './platform-wishes.ts'
import type { Sandbox, SandboxView } from './sandbox.ts'
import { taskEnvironment } from './task-environment.ts'
import { processFailure } from './task-failure.ts'
import { limitsIn } from './task-limits.ts'
import { artifactValue } from './work/artifact-value.ts'

/** A job that runs, with what its tasks need to know of it. */
export interface JobRuntime {
  readonly job: EngineJob
  readonly uuid: string
  readonly spec: PipelineSpec
  readonly context: JobContext
  readonly files: JobFiles
}

/** One try at a task, in folders that are its own. */
export interface Attempt {
  readonly runtime: JobRuntime
  readonly task: ReadyTask
  readonly folder: string
  readonly logFile: string
  readonly layout: ExecutorLayout
  readonly log: (line: string) => void
  /** Says what it waits for before the task itself begins; null where it waits no longer. */
  readonly doing: (what: string | null) => void
}

export interface AttemptOptions {
  readonly addresses: Addresses
  /** `host:port` of the platform's gRPC face, asked for when a task starts. */
  readonly vertexEndpoint: () => string
  /** `http://host:port` of its REST face. */
  readonly restEndpoint?: () => string
  readonly taskTimeoutMs?: number
  /** `false`: tasks reach nothing, the platform included. */
  readonly network?: boolean
  /** Keeps tasks from the rest of the machine. */
  readonly sandbox?: Sandbox
}

const layoutOf = (
  { context, files, uuid }: JobRuntime,
  task: ReadyTask,
  folder: string,
  addresses: Addresses,
): ExecutorLayout => {
  const parent = context.resourceName.split('/').slice(0, 4).join('/')
  return {
    parameterFile: (output) => join(folder, 'outputs', output),
    artifactUri: (output) => context.artifactUri(task.path, output),
    artifactName: (output) =>
      `${parent}/metadataStores/default/artifacts/${numericId(uuid, files.artifacts(task.path), output)}`,
    // Its folder is what dsl.get_uri() gives: what a task puts there is an artifact and outlives the job's scratch.
    outputFile: join(files.artifacts(task.path), 'executor_output.json'),
    localPath: (uri) => localOr(uri, addresses),
    artifactValue: ({ uri, customPath }) => artifactValue(customPath ?? localOr(uri, addresses)),
  }
}

/** The local path of an address; one that leads nowhere here (a registered model's) stays as it is. */
export const localOr = (uri: string, addresses: Addresses): string => {
  try {
    return addresses.resolve(uri)
  } catch {
    return uri
  }
}

/** Makes the folders of an attempt. The artifacts' folder is emptied: a failed attempt must not look like output. */
export const openAttempt = async (
  runtime: JobRuntime,
  task: ReadyTask,
  attempt: number,
  addresses: Addresses,
  doing: Attempt['doing'],
): Promise<Attempt> => {
  const folder = runtime.files.attempt(task.path, attempt)
  const layout = layoutOf(runtime, task, folder, addresses)
  const stale = [folder, runtime.files.artifacts(task.path)]
  await Promise.all(stale.filter(existsSync).map((path) => rm(path, { recursive: true, force: true })))
  const folders = new Set([
    ...['work', 'tmp', 'outputs'].map((name) => join(folder, name)),
    runtime.files.workspace,
    dirname(layout.outputFile),
    ...Object.keys(task.outputs.artifacts).map((output) => dirname(layout.artifactUri(output))),
  ])
  // At once: to wait for threads that do it takes longer.
  for (const path of folders) mkdirSync(path, { recursive: true })
  const logFile = join(folder, 'executor.log')
  writeFileSync(logFile, '')
  const log = (line: string): void => {
    try {
      appendFileSync(logFile, `[winnow] ${line}\n`)
    } catch {
      // A full disk shows itself where something is lost by it; a remark is not worth a task.
    }
  }
  return { runtime, task, folder, logFile, layout, log, doing }
}

/** The local paths of a task's inputs. */
export const inputPaths = ({ task }: Attempt, addresses: Addresses): readonly string[] =>
  Object.values(task.inputs.artifacts)
    .flat()
    .map((artifact) => artifact.customPath ?? localOr(artifact.uri, addresses))

const viewOf = (attempt: Attempt, container: ContainerExecutor, addresses: Addresses): SandboxView => {
  const { runtime, task, folder } = attempt
  return {
    cwd: join(folder, 'work'),
    readable: inputPaths(attempt, addresses),
    artifactRoot: runtime.context.pipelineRoot,
    writable: [
      ...[folder, runtime.files.artifacts(task.path), runtime.files.workspace],
      ...outputFolders(container, runtime.context.pipelineRoot),
    ],
  }
}

/** A process without its program. */
export type TaskProcess = Omit<ProcessRequest, 'command' | 'args'>

/** A process of this attempt: its folders, environment, log and limits; `path` comes before PATH. */
export const processRequest = (
  attempt: Attempt,
  container: ContainerExecutor,
  options: AttemptOptions,
  path?: string,
): TaskProcess => {
  const { runtime, task, folder, logFile, layout } = attempt
  const scope = containerScope(task, runtime.context, layout)
  const { memoryBytes, accelerator } = limitsIn(task.name, container.resources, scope)
  if (accelerator !== undefined) attempt.log(`it asks for ${accelerator}: this machine gives none, it runs without`)
  const limits = [options.taskTimeoutMs, taskDeadlineMs(runtime.spec, task)].filter((limit) => limit !== undefined)
  const place = {
    project: runtime.context.project,
    location: runtime.context.location,
    vertexEndpoint: options.vertexEndpoint(),
    ...(options.restEndpoint === undefined ? {} : { restEndpoint: options.restEndpoint() }),
    home: join(folder, 'work'),
    temporary: join(folder, 'tmp'),
  }
  return {
    cwd: join(folder, 'work'),
    env: taskEnvironment(place, container.env, path),
    logFile,
    background: true,
    ...(options.sandbox === undefined
      ? {}
      : { enclose: options.sandbox.enclose(viewOf(attempt, container, options.addresses)) }),
    ...(limits.length === 0 ? {} : { timeoutMs: Math.min(...limits) }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  }
}

/** What the attempt's one process left, if it ended well. */
export const outputsOf = async (
  attempt: Attempt,
  result: ProcessResult,
  signal: AbortSignal,
  { inImage = false } = {},
): Promise<TaskOutputs> => {
  signal.throwIfAborted()
  if (result.exitCode !== 0)
    throw withHints(processFailure(attempt.task.name, result, attempt.logFile), attempt, inImage)
  return readTaskOutputs(attempt.task, attempt.layout)
}

/** Runs the attempt's one process to its end and reads what it left. */
export const runToOutputs = async (
  attempt: Attempt,
  request: ProcessRequest,
  signal: AbortSignal,
): Promise<TaskOutputs> => {
  const result = await runProcess(request, signal).catch((error: unknown) => {
    throw isFault(error) ? withHints(error, attempt, false) : error
  })
  return outputsOf(attempt, result, signal)
}
