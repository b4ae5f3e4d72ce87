import { Fault } from '../../../domain/errors.ts'
import { resolveContainerArguments } from '../../../pipelines/container-arguments.ts'
import type { ContainerExecutor, TaskOutputs } from '../../../pipelines/execution.ts'
import { containerScope } from '../../../pipelines/executor-input.ts'
import { imageWork } from '../containers/image-work.ts'
import { type Attempt, processRequest, runToOutputs } from '../task-attempt.ts'
import type { Work, WorkOptions } from './work.ts'

const runOnHost = async (
  attempt: Attempt,
  container: ContainerExecutor,
  options: WorkOptions,
  signal: AbortSignal,
): Promise<TaskOutputs> => {
  const scope = containerScope(attempt.task, attempt.runtime.context, attempt.layout)
  const [command, ...args] = resolveContainerArguments([...container.command, ...container.args], scope)
  if (command === undefined)
    throw new Fault('component_unsupported', `${attempt.task.name} has no command to run on this machine`, {
      remedy: 'give the component a command',
    })
  attempt.log(`image ${container.image} is not used: its command runs directly on this machine`)
  return runToOutputs(attempt, { ...processRequest(attempt, container, options), command, args }, signal)
}

/** A container's command on this machine, without its image. */
const hostWork = (container: ContainerExecutor, options: WorkOptions): Work => ({
  basis: async () => ({ kind: 'environment', digest: null }),
  run: (attempt, signal) => runOnHost(attempt, container, options, signal),
})

/** A container: in its image where docker or podman are there, else its command alone where that is allowed. */
export const containerWork = (container: ContainerExecutor, options: WorkOptions): Work => {
  const { containers } = options
  return typeof containers !== 'string' && containers.kind === 'runtime'
    ? imageWork(container, containers, options)
    : hostWork(container, options)
}
