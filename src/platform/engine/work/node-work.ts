import { symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digestJson } from '../../../domain/digest.ts'
import { resolveContainerArguments } from '../../../pipelines/container-arguments.ts'
import type { ContainerExecutor, TaskOutputs } from '../../../pipelines/execution.ts'
import { containerScope } from '../../../pipelines/executor-input.ts'
import { type Attempt, processRequest, runToOutputs } from '../task-attempt.ts'
import type { LightweightNode } from './lightweight-node.ts'
import { withLocalUris } from './local-uris.ts'
import type { Work, WorkOptions } from './work.ts'

/** Beside this file in src, copied beside it into dist. */
const launcher = fileURLToPath(new URL('./node/run-component.mjs', import.meta.url))

const run = async (
  attempt: Attempt,
  container: ContainerExecutor,
  { source }: LightweightNode,
  modules: string | null,
  options: WorkOptions,
  signal: AbortSignal,
): Promise<TaskOutputs> => {
  const { runtime, folder, layout } = attempt
  const task = { ...attempt.task, inputs: withLocalUris(attempt.task.inputs, options.addresses) }
  const args = resolveContainerArguments(container.args, containerScope(task, runtime.context, layout))
  const component = join(folder, 'component.mjs')
  const argumentsFile = join(folder, 'arguments.json')
  await writeFile(component, source)
  await writeFile(argumentsFile, JSON.stringify(args))
  if (modules !== null) await symlink(modules, join(folder, 'node_modules'))
  const node = process.execPath
  return runToOutputs(
    attempt,
    {
      ...processRequest(attempt, container, options, dirname(node)),
      command: node,
      args: [launcher, argumentsFile, component],
    },
    signal,
  )
}

/** A component written in TypeScript, as a process of the Node that runs the platform; its packages are installed once. */
export const nodeWork = (container: ContainerExecutor, component: LightweightNode, options: WorkOptions): Work => {
  const installed = async (attempt: Attempt, signal: AbortSignal) =>
    component.packages.length === 0 ? null : options.nodePackages.ensure(component.packages, signal, attempt.log)
  return {
    basis: async (attempt, signal) => {
      const lock = (await installed(attempt, signal))?.lock ?? null
      return { kind: 'environment', digest: digestJson([process.version, lock]) }
    },
    run: async (attempt, signal) => {
      const modules = (await installed(attempt, signal))?.folder ?? null
      return run(attempt, container, component, modules, options, signal)
    },
  }
}
