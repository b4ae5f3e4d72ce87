import { join } from 'node:path'
import type { JsonObject } from '../../../domain/json.ts'
import { resolveContainerArguments } from '../../../pipelines/container-arguments.ts'
import type { ContainerExecutor, TaskOutputs } from '../../../pipelines/execution.ts'
import { containerScope } from '../../../pipelines/executor-input.ts'
import { resolveText } from '../../../pipelines/placeholders.ts'
import type { Attempt } from '../task-attempt.ts'
import type { CatalogueEntry } from './runnable.ts'
import { neverCached, type Work, type WorkOptions } from './work.ts'

const run = async (
  attempt: Attempt,
  container: ContainerExecutor,
  component: CatalogueEntry,
  { platform }: WorkOptions,
  jobWork: (job: JsonObject) => Work,
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
      runCustomJob: (job, abort) => jobWork(job).run(attempt, abort),
      fillIn: (text) => resolveText(text, scope),
      folder: join(folder, 'work'),
      job: { resourceName, project, location, labels: runtime.job.labels },
      log,
    },
    platform,
    signal,
  )
}

/** A prebuilt component, done inside the platform. `jobWork` does a custom job that it starts. */
export const nativeWork = (
  container: ContainerExecutor,
  component: CatalogueEntry,
  options: WorkOptions,
  jobWork: (job: JsonObject) => Work,
): Work => ({
  basis:
    component.cacheable === true
      ? async () => ({ kind: 'environment', digest: null })
      : neverCached('it makes or changes resources of the platform, so it runs each time'),
  run: (attempt, signal) => run(attempt, container, component, options, jobWork, signal),
})
