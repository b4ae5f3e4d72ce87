import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { digestJson, shortDigest } from '../../../domain/digest.ts'
import { Fault } from '../../../domain/errors.ts'
import { resolveContainerArguments } from '../../../pipelines/container-arguments.ts'
import type { ContainerExecutor, TaskOutputs } from '../../../pipelines/execution.ts'
import { containerScope } from '../../../pipelines/executor-input.ts'
import { currentScope } from '../../../processes/process-scope.ts'
import { type Attempt, inputPaths, outputsOf, processRequest } from '../task-attempt.ts'
import { limitsIn } from '../task-limits.ts'
import type { Work, WorkOptions } from '../work/work.ts'
import type { ContainerMount } from './container-command.ts'
import { containerEnvironment } from './container-environment.ts'
import { type ContainerImage, createImageShelf, type ImageShelf } from './container-image.ts'
import { runContainer } from './container-run.ts'
import type { ContainerRuntime } from './find-runtime.ts'
import { outputFolders } from './output-folder.ts'

/** The redirect of Google's clients, which every Python in a container reads at its start. */
const redirect = fileURLToPath(new URL('../python', import.meta.url))

/** The label that all containers of one platform carry, so that its next life finds what this one left. */
export const platformLabel = (root: string): string => `winnow.platform=${shortDigest(digestJson(root))}`

/** The folders that the task may write, and its inputs, which it may not: nothing else of this machine is inside. */
const mountsOf = (attempt: Attempt, container: Packaged, options: WorkOptions): readonly ContainerMount[] => {
  const { task, folder } = attempt
  const { packages = [] } = container
  const written = outputFolders(container, attempt.runtime.context.pipelineRoot)
  const { files } = attempt.runtime
  return [
    ...[...new Set([redirect, ...packages, ...inputPaths(attempt, options.addresses)])]
      .filter(existsSync)
      .map((path) => ({ path, writable: false })),
    ...[folder, files.artifacts(task.path), files.workspace, ...written].map((path) => ({ path, writable: true })),
  ]
}

/** A container whose command reads files besides the task's inputs. */
type Packaged = ContainerExecutor & { readonly packages?: readonly string[] }

const shelves = new WeakMap<ContainerRuntime, ImageShelf>()
const shelfOf = (runtime: ContainerRuntime): ImageShelf => {
  const shelf = shelves.get(runtime) ?? createImageShelf(runtime)
  shelves.set(runtime, shelf)
  return shelf
}

const run = async (
  attempt: Attempt,
  container: Packaged,
  image: ContainerImage,
  runtime: ContainerRuntime,
  options: WorkOptions,
  signal: AbortSignal,
): Promise<TaskOutputs> => {
  const { task, layout, logFile } = attempt
  const { timeoutMs } = processRequest(attempt, container, options)
  const { context, job } = attempt.runtime
  const scope = containerScope(task, context, layout)
  const token = currentScope()?.token
  if (token === undefined) throw new TypeError('a container needs a scope, so that it can be found')
  const { cpus, memoryBytes } = limitsIn(task.name, container.resources, scope)
  attempt.log(`${runtime.program} ${runtime.version} runs ${container.image} (${image.digest})`)
  const end = await runContainer(
    runtime,
    {
      name: `winnow-${token}`,
      image: image.id,
      command: resolveContainerArguments(container.command, scope),
      args: resolveContainerArguments(container.args, scope),
      env: containerEnvironment(attempt, container.env, redirect, options),
      mounts: mountsOf(attempt, container, options),
      labels: Object.fromEntries([
        (options.containerLabel ?? 'winnow.platform=').split('=', 2) as [string, string],
        ['winnow.job', job.id],
        ['winnow.task', token],
      ]),
      network: options.network === false ? 'none' : 'host',
      user: runtime.user,
      ...(cpus === undefined ? {} : { cpus }),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    },
    { logFile, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    signal,
  )
  signal.throwIfAborted()
  if (end.kind === 'notStarted')
    throw new Fault('task_failed', `${task.name}: ${container.image} could not be started: ${end.reason}`, {
      remedy: `check the command and that ${runtime.program} run works on this machine`,
    })
  return outputsOf(attempt, end.result, signal, { inImage: true })
}

/** A container in its image, by docker or podman. */
export const imageWork = (container: Packaged, runtime: ContainerRuntime, options: WorkOptions): Work => {
  const shelf = shelfOf(runtime)
  const find = (attempt: Attempt, signal: AbortSignal) => shelf.find(container.image, signal, attempt.log)
  return {
    // A tag may mean another image tomorrow.
    basis: async (attempt, signal) => ({ kind: 'environment', digest: (await find(attempt, signal)).digest }),
    run: async (attempt, signal) => run(attempt, container, await find(attempt, signal), runtime, options, signal),
  }
}
