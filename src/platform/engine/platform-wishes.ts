import { isJsonObject, type Json } from '../../domain/json.ts'
import type { ReadyTask } from '../../pipelines/execution.ts'
import type { PipelineSpec } from '../../pipelines/ir.ts'
import { describeRequests, type PlatformRequest, platformRequests } from '../../pipelines/platform-requests.ts'
import type { JobRuntime } from './task-attempt.ts'

// A platform spec travels inside the pipeline spec, as builds keep it. One machine can do a little of what it asks of
// Kubernetes; the rest is told to whoever reads the run.

const requestsOf = (spec: PipelineSpec): readonly PlatformRequest[] => {
  const platform = spec['platformSpec'] as Json | undefined
  return isJsonObject(platform) ? platformRequests(platform) : []
}

const textAt = (value: Json, key: string): string =>
  isJsonObject(value) && typeof value[key] === 'string' ? value[key] : ''

/** Fields of the pod that a task has here too: names for one run of it. */
const fields: Readonly<Record<string, (runtime: JobRuntime, task: ReadyTask) => string>> = {
  'metadata.name': ({ context }, { name }) => `${context.jobId}-${name}`,
  'metadata.uid': ({ context }, { path }) => context.taskId(path),
}
const isField = (path: string): boolean => Object.hasOwn(fields, path)

const listOf = (wish: Json): readonly Json[] => (Array.isArray(wish) ? wish : [])

/** What of a request cannot be done here; undefined where all of it is done. */
const remainder = (request: PlatformRequest): PlatformRequest | undefined => {
  if (request.executor === null) return request.feature === 'workspace' ? undefined : request
  if (request.feature === 'activeDeadlineSeconds') return undefined
  if (request.feature !== 'fieldPathAsEnv') return request
  const others = listOf(request.wish).filter((item) => !isField(textAt(item, 'fieldPath')))
  return others.length === 0 ? undefined : { ...request, wish: others }
}

/** Accelerators are asked for in the pipeline itself, and there is no scheduling of them here. */
const accelerators = (spec: PipelineSpec): readonly PlatformRequest[] =>
  Object.entries(spec.deploymentSpec?.executors ?? {}).flatMap(([executor, { container }]) => {
    const asked = container?.resources?.['accelerator']
    if (!isJsonObject(asked)) return []
    const count = asked['resourceCount'] ?? asked['count'] ?? '1'
    const type = asked['resourceType'] ?? asked['type'] ?? 'of any type'
    return [{ platform: 'resources', executor, feature: 'accelerator', wish: `${count} × ${type}` }]
  })

const leftRequests = (spec: PipelineSpec): readonly PlatformRequest[] => [
  ...requestsOf(spec).flatMap((request) => remainder(request) ?? []),
  ...accelerators(spec),
]

/** All that a pipeline asks for and this machine leaves out, a line for each executor. */
export const leftOut = (spec: PipelineSpec): readonly string[] => describeRequests(leftRequests(spec), spec)

const executorOf = (spec: PipelineSpec, task: ReadyTask): string | undefined =>
  spec.components?.[task.componentName]?.executorLabel

/** The same for one task; that it gets no accelerator is said where its other limits are set. */
export const leftOutOfTask = (spec: PipelineSpec, task: ReadyTask): readonly string[] => {
  const executor = executorOf(spec, task)
  const left = requestsOf(spec).flatMap((request) => remainder(request) ?? [])
  return describeRequests(
    left.filter((request) => request.executor === executor),
    spec,
  )
}

const wishesOf = (spec: PipelineSpec, task: ReadyTask, feature: string): readonly Json[] => {
  const executor = executorOf(spec, task)
  return requestsOf(spec)
    .filter((request) => request.executor === executor && request.feature === feature)
    .map(({ wish }) => wish)
}

/** The variables that kubernetes' fieldPathAsEnv asks for and that mean something here. */
const fieldVariables = (runtime: JobRuntime, task: ReadyTask): Readonly<Record<string, string>> =>
  Object.fromEntries(
    wishesOf(runtime.spec, task, 'fieldPathAsEnv')
      .flatMap(listOf)
      .flatMap((item) => {
        const path = textAt(item, 'fieldPath')
        return isField(path) ? [[textAt(item, 'name'), fields[path]?.(runtime, task) ?? '']] : []
      }),
  )

/** A task with what its platform spec adds to its environment. */
export const withWishes = (runtime: JobRuntime, task: ReadyTask): ReadyTask => {
  const variables = fieldVariables(runtime, task)
  if (task.executor.kind !== 'container' || Object.keys(variables).length === 0) return task
  return { ...task, executor: { ...task.executor, env: { ...variables, ...task.executor.env } } }
}

/** The longest that kubernetes' activeDeadlineSeconds lets a task take, in milliseconds. */
export const taskDeadlineMs = (spec: PipelineSpec, task: ReadyTask): number | undefined => {
  const seconds = wishesOf(spec, task, 'activeDeadlineSeconds').map(Number).filter(Number.isFinite)
  return seconds.length === 0 ? undefined : Math.min(...seconds) * 1_000
}
