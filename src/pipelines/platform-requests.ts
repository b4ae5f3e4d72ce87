import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { PipelineSpec } from './ir.ts'

/** One thing that a platform spec asks for beyond the pipeline, such as kubernetes' secretAsEnv for a task. */
export interface PlatformRequest {
  readonly platform: string
  /** Null: for the pipeline as a whole. */
  readonly executor: string | null
  readonly feature: string
  readonly wish: Json
}

const objectAt = (value: Json | undefined, key: string): JsonObject => {
  const found = isJsonObject(value) ? value[key] : undefined
  return isJsonObject(found) ? found : {}
}

const entriesOf = (value: JsonObject): readonly (readonly [string, Json])[] =>
  Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, item] as const]))

export const platformRequests = (platformSpec: JsonObject): readonly PlatformRequest[] =>
  entriesOf(objectAt(platformSpec, 'platforms')).flatMap(([platform, config]) => {
    const executors = entriesOf(objectAt(objectAt(config, 'deploymentSpec'), 'executors'))
    const { pipelineConfig, deploymentSpec: _, ...others } = isJsonObject(config) ? config : {}
    const ofPipeline = { ...(isJsonObject(pipelineConfig) ? pipelineConfig : {}), ...others }
    return [
      ...executors.flatMap(([executor, wishes]) =>
        entriesOf(isJsonObject(wishes) ? wishes : {}).map(([feature, wish]) => ({ platform, executor, feature, wish })),
      ),
      ...entriesOf(ofPipeline).map(([feature, wish]) => ({ platform, executor: null, feature, wish })),
    ]
  })

/** The names that people know a task by, for every task that an executor does; the executor's own where it does none. */
const tasksOf = (spec: PipelineSpec, executor: string): string => {
  const names = [spec.root, ...Object.values(spec.components ?? {})].flatMap(({ dag }) =>
    Object.entries(dag?.tasks ?? {})
      .filter(([, task]) => spec.components?.[task.componentRef.name]?.executorLabel === executor)
      .map(([name, task]) => task.taskInfo?.name ?? name),
  )
  return names.length === 0 ? executor : [...new Set(names)].join(', ')
}

/** What tells one wish of a kind from another: a secret's name, a path, a variable. */
const telling = ['secretName', 'configMapName', 'pvcName', 'constant', 'fieldPath', 'mountPath']
const particulars = (wish: Json): readonly string[] => {
  if (Array.isArray(wish)) return wish.flatMap(particulars)
  if (!isJsonObject(wish)) return [String(wish)]
  const found = telling.map((key) => wish[key]).find((value) => typeof value === 'string')
  return found === undefined ? [] : [found]
}

const describe = ({ feature, wish }: PlatformRequest): string => {
  const names = [...new Set(particulars(wish))]
  return names.length === 0 ? feature : `${feature} (${names.join(', ')})`
}

/** Requests as lines for people, one for each executor: `task train: kubernetes secretAsEnv (my-secret), tolerations`. */
export const describeRequests = (requests: readonly PlatformRequest[], spec: PipelineSpec): readonly string[] => {
  const lines = new Map<string, string[]>()
  for (const request of requests) {
    const who = request.executor === null ? 'the pipeline' : `task ${tasksOf(spec, request.executor)}`
    const start = `${who}: ${request.platform}`
    lines.set(start, [...(lines.get(start) ?? []), describe(request)])
  }
  return [...lines].map(([start, wishes]) => `${start} ${wishes.join(', ')}`)
}
