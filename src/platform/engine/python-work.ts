import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { resolveContainerArguments } from '../../pipelines/container-arguments.ts'
import type { ContainerExecutor, TaskInputs, TaskOutputs } from '../../pipelines/execution.ts'
import { containerScope } from '../../pipelines/executor-input.ts'
import type { PythonEnvironment } from '../../processes/python-environments.ts'
import type { Addresses } from '../addresses.ts'
import type { LightweightPython } from './lightweight-python.ts'
import { type Attempt, type AttemptOptions, localOr, processRequest, runToOutputs } from './task-attempt.ts'
import { componentLauncher } from './task-environment.ts'
import type { Work, WorkOptions } from './work.ts'

/** kfp's Artifact.path knows plain paths and mount points, no maps and no file: URIs: give it the paths themselves. */
const withLocalUris = (inputs: TaskInputs, addresses: Addresses): TaskInputs => ({
  ...inputs,
  artifacts: Object.fromEntries(
    Object.entries(inputs.artifacts).map(([name, list]) => [
      name,
      list.map((artifact) => ({ ...artifact, uri: artifact.customPath ?? localOr(artifact.uri, addresses) })),
    ]),
  ),
})

const run = async (
  attempt: Attempt,
  container: ContainerExecutor,
  component: LightweightPython,
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
  return runToOutputs(
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

/** A lightweight Python component, in its environment, with kfp's own executor. */
export const pythonWork = (container: ContainerExecutor, component: LightweightPython, options: WorkOptions): Work => {
  const environment = (attempt: Attempt, signal: AbortSignal) =>
    options.platform.environments.ensure(component.requirements, signal, attempt.log)
  return {
    basis: async (attempt, signal) => ({ kind: 'environment', digest: (await environment(attempt, signal)).lock }),
    run: async (attempt, signal) =>
      run(attempt, container, component, await environment(attempt, signal), options, signal),
  }
}
