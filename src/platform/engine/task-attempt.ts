import { appendFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { resolveContainerArguments } from '../../pipelines/container-arguments.ts'
import type {
  ContainerExecutor,
  JobContext,
  ReadyTask,
  RuntimeArtifact,
  TaskInputs,
  TaskOutputs,
} from '../../pipelines/execution.ts'
import { containerScope, type ExecutorLayout } from '../../pipelines/executor-input.ts'
import type { PipelineSpec } from '../../pipelines/ir.ts'
import type { PythonEnvironment } from '../../processes/python-environments.ts'
import { type ProcessRequest, runProcess } from '../../processes/run-process.ts'
import type { Addresses } from '../addresses.ts'
import type { ComponentPlatform } from '../components/component.ts'
import { readTaskOutputs } from './executor-output.ts'
import type { EngineJob } from './job.ts'
import { type JobFiles, numericId } from './job-files.ts'
import { memoryLimit } from './memory-limit.ts'
import type { CatalogueEntry } from './runnable.ts'
import { componentLauncher, taskEnvironment } from './task-environment.ts'
import { processFailure } from './task-failure.ts'

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
}

export interface AttemptOptions {
  readonly addresses: Addresses
  /** `host:port` of the platform's gRPC face, asked for when a task starts. */
  readonly vertexEndpoint: () => string
  readonly taskTimeoutMs?: number
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
    outputFile: join(folder, 'executor_output.json'),
    localPath: (uri) => localOr(uri, addresses),
  }
}

/** The local path of an address; one that leads nowhere here (a registered model's) stays as it is. */
const localOr = (uri: string, addresses: Addresses): string => {
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
): Promise<Attempt> => {
  const folder = runtime.files.attempt(task.path, attempt)
  const layout = layoutOf(runtime, task, folder, addresses)
  await rm(folder, { recursive: true, force: true })
  await rm(runtime.files.artifacts(task.path), { recursive: true, force: true })
  for (const name of ['work', 'tmp', 'outputs']) await mkdir(join(folder, name), { recursive: true })
  await mkdir(runtime.files.workspace, { recursive: true })
  for (const output of Object.keys(task.outputs.artifacts))
    await mkdir(dirname(layout.artifactUri(output)), { recursive: true })
  const logFile = join(folder, 'executor.log')
  await writeFile(logFile, '')
  const log = (line: string): void => {
    try {
      appendFileSync(logFile, `[winnow] ${line}\n`)
    } catch {
      // A full disk shows itself where something is lost by it; a remark is not worth a task.
    }
  }
  return { runtime, task, folder, logFile, layout, log }
}

const processRequest = (
  { runtime, folder, logFile }: Attempt,
  container: ContainerExecutor,
  options: AttemptOptions,
  path?: string,
): Omit<ProcessRequest, 'command' | 'args'> => {
  const memoryBytes = memoryLimit(container.resources)
  const place = {
    project: runtime.context.project,
    location: runtime.context.location,
    vertexEndpoint: options.vertexEndpoint(),
    home: join(folder, 'work'),
    temporary: join(folder, 'tmp'),
  }
  return {
    cwd: join(folder, 'work'),
    env: taskEnvironment(place, container.env, path),
    logFile,
    background: true,
    ...(options.taskTimeoutMs === undefined ? {} : { timeoutMs: options.taskTimeoutMs }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  }
}

/** kfp's Artifact.path knows plain paths and mount points, no maps and no file: URIs: give it the paths themselves. */
const withLocalUris = (inputs: TaskInputs, addresses: Addresses): TaskInputs => ({
  ...inputs,
  artifacts: Object.fromEntries(
    Object.entries(inputs.artifacts).map(([name, list]) => [
      name,
      list.map((artifact) => ({ ...artifact, uri: localOr(artifact.uri, addresses) })),
    ]),
  ),
})

const finish = async (attempt: Attempt, request: ProcessRequest, signal: AbortSignal): Promise<TaskOutputs> => {
  const result = await runProcess(request, signal)
  signal.throwIfAborted()
  if (result.exitCode !== 0) throw processFailure(attempt.task.name, result, attempt.logFile)
  return readTaskOutputs(attempt.task, attempt.layout)
}

/** Runs a lightweight Python component in its environment, with kfp's own executor. */
export const runPython = async (
  attempt: Attempt,
  container: ContainerExecutor,
  component: { readonly source: string; readonly module: string },
  environment: PythonEnvironment,
  options: AttemptOptions,
  signal: AbortSignal,
): Promise<TaskOutputs> => {
  const { runtime, folder, layout } = attempt
  const task = { ...attempt.task, inputs: withLocalUris(attempt.task.inputs, options.addresses) }
  const args = resolveContainerArguments(container.args, containerScope(task, runtime.context, layout))
  const module = join(folder, 'ephemeral_component.py')
  const argumentsFile = join(folder, 'arguments.json')
  await writeFile(module, component.source)
  await writeFile(argumentsFile, JSON.stringify(['--component_module_path', module, ...args]))
  const request = processRequest(attempt, container, options, dirname(environment.python))
  return finish(
    attempt,
    {
      ...request,
      command: environment.python,
      args: [componentLauncher, argumentsFile, component.module],
      env: { ...request.env, _KFP_RUNTIME: 'true', VIRTUAL_ENV: environment.folder },
    },
    signal,
  )
}

/** Runs a container's command on this machine, without its image. */
export const runOnHost = async (
  attempt: Attempt,
  container: ContainerExecutor,
  options: AttemptOptions,
  signal: AbortSignal,
): Promise<TaskOutputs> => {
  const scope = containerScope(attempt.task, attempt.runtime.context, attempt.layout)
  const [command, ...args] = resolveContainerArguments([...container.command, ...container.args], scope)
  if (command === undefined)
    throw new Fault('component_unsupported', `${attempt.task.name} has no command to run on this machine`, {
      remedy: 'give the component a command',
    })
  attempt.log(`image ${container.image} is not used: its command runs directly on this machine`)
  return finish(attempt, { ...processRequest(attempt, container, options), command, args }, signal)
}

/** Runs a prebuilt component inside the platform. */
export const runNative = async (
  attempt: Attempt,
  container: ContainerExecutor,
  component: CatalogueEntry,
  platform: ComponentPlatform,
  signal: AbortSignal,
): Promise<TaskOutputs> => {
  const { runtime, task, layout, folder, log } = attempt
  const scope = containerScope(task, runtime.context, layout)
  const { project, location, resourceName } = runtime.context
  return component(
    {
      task,
      args: resolveContainerArguments([...container.command, ...container.args], scope),
      outputUris: Object.fromEntries(
        Object.keys(task.outputs.artifacts).map((output) => [output, layout.artifactUri(output)]),
      ),
      folder: join(folder, 'work'),
      job: { resourceName, project, location, labels: runtime.job.labels },
      log,
    },
    platform,
    signal,
  )
}

/** Buckets and tables: an import of one must lead somewhere here. Other addresses (a model's, a web page's) just are. */
const needsPlace = /^(gs|s3|minio|bq|file):|^\//

/** The artifact that an importer makes. Its address is kept as it was written; tasks get the path that it leads to. */
export const importArtifact = (attempt: Attempt, addresses: Addresses): TaskOutputs => {
  const { task, layout } = attempt
  if (task.executor.kind !== 'importer') throw new TypeError('not an importer')
  const { uri, type, metadata } = task.executor
  if (needsPlace.test(uri)) addresses.resolve(uri)
  const [output = 'artifact'] = Object.keys(task.outputs.artifacts)
  const artifact: RuntimeArtifact = { name: layout.artifactName(output), uri, type, metadata }
  return { parameters: {} satisfies Record<string, Json>, artifacts: { [output]: [artifact] } }
}
