import type { JsonObject } from '../../domain/json.ts'
import { misuse } from './call-site.ts'
import { typeOf } from './interface-spec.ts'
import type { TaskNode } from './program.ts'
import { sourcesOf } from './references.ts'

const retryPolicy = ({ settings: { retry } }: TaskNode): JsonObject =>
  retry === undefined
    ? {}
    : {
        retryPolicy: {
          ...(retry.attempts === 0 ? {} : { maxRetryCount: retry.attempts }),
          backoffDuration: `${retry.backoffSeconds}s`,
          backoffFactor: retry.backoffFactor,
          backoffMaxDuration: `${retry.longestBackoffSeconds}s`,
        },
      }

const cachingOptions = ({ settings: { cache } }: TaskNode): JsonObject => ({
  cachingOptions: {
    ...(cache.enabled ? { enableCache: true } : {}),
    ...(cache.key === undefined ? {} : { cacheKey: cache.key }),
  },
})

const finalStatusInput = (task: TaskNode): string | undefined =>
  Object.entries(task.component.inputs).find(([, input]) => typeOf(input).kind === 'TASK_FINAL_STATUS')?.[0]

/** What the task waits for whose end its final status tells. */
const statusProducer = (task: TaskNode, dependencies: readonly string[]): string => {
  if (task.exitOf !== undefined) return task.exitOf.name
  const what = `input "${finalStatusInput(task)}" of ${task.name}`
  if (!task.settings.ignoresUpstreamFailure)
    throw misuse(
      `${what} is a final status, which only an exit task or one with ignoreUpstreamFailure() gets`,
      task.site,
    )
  const [only] = dependencies
  if (only === undefined || dependencies.length > 1)
    throw misuse(
      `${what} is a final status, so the task has to wait for exactly one other within its group; it waits for ${dependencies.join(', ') || 'none'}`,
      task.site,
    )
  return only
}

export const finalStatusOf = (
  task: TaskNode,
  dependencies: readonly string[],
): readonly [string, JsonObject] | undefined => {
  const name = finalStatusInput(task)
  return name === undefined
    ? undefined
    : [name, { taskFinalStatus: { producerTask: statusProducer(task, dependencies) } }]
}

/** A task that runs after failures cannot count on outputs of what failed. */
const requireDefaults = (task: TaskNode): void => {
  for (const [name, given] of Object.entries(task.given)) {
    const input = task.component.inputs[name]
    const upstream = sourcesOf(given).some(
      (source) => source.kind !== 'input' && source.kind !== 'item' && source.kind !== 'field',
    )
    if (upstream && input !== undefined && !('optional' in input))
      throw misuse(
        `${task.name} ignores failures before it, so its input "${name}" needs a default for where there is no output`,
        task.site,
      )
  }
}

/** The settings of a task in the IR. */
export const taskPolicies = (task: TaskNode): JsonObject => {
  if (task.settings.ignoresUpstreamFailure) requireDefaults(task)
  const waits = task.settings.ignoresUpstreamFailure || task.exitOf !== undefined
  return {
    ...cachingOptions(task),
    ...retryPolicy(task),
    ...(waits ? { triggerPolicy: { strategy: 'ALL_UPSTREAM_TASKS_COMPLETED' } } : {}),
  }
}
