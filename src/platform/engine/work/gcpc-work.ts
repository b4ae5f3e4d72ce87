import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { resolveContainerArguments } from '../../../pipelines/container-arguments.ts'
import type { ContainerExecutor, TaskOutputs } from '../../../pipelines/execution.ts'
import { containerScope } from '../../../pipelines/executor-input.ts'
import { attemptEnvironment } from '../attempt-environment.ts'
import { type Attempt, processRequest, runToOutputs } from '../task-attempt.ts'
import { componentLauncher } from '../task-environment.ts'
import { type GcpcLauncher, gcpcRequirements } from './gcpc.ts'
import { cancelStarted } from './gcpc-resources.ts'
import { neverCached, type Work, type WorkOptions } from './work.ts'

const run = async (
  attempt: Attempt,
  container: ContainerExecutor,
  launcher: GcpcLauncher,
  options: WorkOptions,
  signal: AbortSignal,
): Promise<TaskOutputs> => {
  const { runtime, task, folder, layout, log } = attempt
  const environment = await attemptEnvironment(
    attempt,
    options.platform.environments,
    gcpcRequirements(launcher),
    signal,
  )
  const words = resolveContainerArguments(
    [...container.command, ...container.args],
    containerScope(task, runtime.context, layout),
  )
  const argumentsFile = join(folder, 'arguments.json')
  await writeFile(argumentsFile, JSON.stringify(words.slice(words.indexOf('-m') + 2)))
  const request = processRequest(attempt, container, options, dirname(environment.python))
  const labels = JSON.stringify(runtime.job.labels)
  log(
    `image ${container.image} is not used: ${launcher.module} of version ${launcher.version} runs here, led to this platform`,
  )
  try {
    return await runToOutputs(
      attempt,
      {
        ...request,
        command: environment.python,
        args: [componentLauncher, argumentsFile, launcher.module],
        // What it makes is labelled as the job is.
        env: { ...request.env, VIRTUAL_ENV: environment.folder, VERTEX_AI_PIPELINES_RUN_LABELS: labels },
      },
      signal,
    )
  } catch (error) {
    await cancelStarted(layout.parameterFile('gcp_resources'), options.platform.services, log)
    throw error
  }
}

/** A google-cloud-pipeline-component by its own code, in an environment that holds it. */
export const gcpcWork = (container: ContainerExecutor, launcher: GcpcLauncher, options: WorkOptions): Work => ({
  basis: neverCached('it makes or changes resources of the platform, so it runs each time'),
  run: (attempt, signal) => run(attempt, container, launcher, options, signal),
})
