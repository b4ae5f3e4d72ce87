import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { taskNeeds } from './dag-plan.ts'
import { describeInputs, type GraphInput } from './graph-inputs.ts'
import { type Origin, originsOfOutput, originText, readableCondition, type Scope } from './graph-origins.ts'
import { constantOf } from './input-sources.ts'
import type { Component, Dag, PipelineSpec, PipelineTask } from './ir.ts'

export interface GraphLoop {
  /** What is iterated: an origin in words, or the list itself. */
  readonly over: string
  readonly items: 'parameters' | 'artifacts'
  readonly parallelism: number | null
}

/** One task, with the tasks inside it where it is a group. */
export interface GraphTask {
  /** Names from the root, `for-loop-1/train`: unique in the pipeline. */
  readonly path: string
  readonly name: string
  readonly kind: 'container' | 'importer' | 'resolver' | 'customJob' | 'group'
  readonly component: string
  /** Of a container, and the function of a lightweight component. */
  readonly image: string | null
  readonly function: string | null
  /** What a group is there for; null where it is none. */
  readonly group: 'condition' | 'loop' | 'branches' | 'exitHandler' | 'pipeline' | null
  /** In words: inputs are named by where they come from. */
  readonly condition: string | null
  readonly loop: GraphLoop | null
  /** It runs whatever became of what it waits for. */
  readonly always: boolean
  readonly inputs: readonly GraphInput[]
  /** Names of tasks beside it that it waits for; those without a data edge to it are in `after`, too. */
  readonly needs: readonly string[]
  readonly after: readonly string[]
  /** The longest way from a task that waits for none, within its DAG. */
  readonly layer: number
  readonly retries: number
  readonly cache: boolean
  readonly tasks: readonly GraphTask[]
}

interface GraphParameter {
  readonly name: string
  readonly kind: 'parameter' | 'artifact'
  readonly type: string
  readonly required: boolean
  readonly default: Json | null
}

interface GraphOutput {
  readonly name: string
  readonly kind: 'parameter' | 'artifact'
  readonly origins: readonly Origin[]
}

/** A pipeline as a person thinks of it: what it is given, its tasks and groups, and what flows between them. */
export interface PipelineGraph {
  readonly name: string
  readonly description: string | null
  readonly inputs: readonly GraphParameter[]
  readonly outputs: readonly GraphOutput[]
  readonly tasks: readonly GraphTask[]
}

/** Makes the graph of a spec that parsePipeline has checked. */
export const pipelineGraph = (spec: PipelineSpec): PipelineGraph => {
  const inputs = interfaceOf(spec.root)
  const scope: Scope = {
    spec,
    path: [],
    tasks: spec.root.dag?.tasks ?? {},
    origins: new Map(inputs.map(({ name, kind }) => [`${kind}:${name}`, [{ kind: 'input', name }]])),
  }
  const info: JsonObject = spec.pipelineInfo as JsonObject
  return {
    name: spec.pipelineInfo.name,
    description: typeof info['description'] === 'string' ? info['description'] : null,
    inputs,
    outputs: outputsOf(spec.root, scope),
    tasks: tasksOf(scope),
  }
}

const interfaceOf = ({ inputDefinitions }: Component): readonly GraphParameter[] => [
  ...Object.entries(inputDefinitions?.parameters ?? {}).map(
    ([name, { parameterType, type, defaultValue, isOptional }]): GraphParameter => ({
      name,
      kind: 'parameter',
      type: parameterType ?? type ?? 'unknown',
      required: defaultValue === undefined && isOptional !== true,
      default: defaultValue === undefined ? null : plainDefault(defaultValue),
    }),
  ),
  ...Object.entries(inputDefinitions?.artifacts ?? {}).map(
    ([name, { artifactType, isOptional }]): GraphParameter => ({
      name,
      kind: 'artifact',
      type: artifactTitle(artifactType),
      required: isOptional !== true,
      default: null,
    }),
  ),
]

/** Schema 2.0.0 writes `{intValue: "3"}`. */
const plainDefault = (value: Json): Json =>
  isJsonObject(value) && ['stringValue', 'intValue', 'doubleValue'].some((key) => Object.hasOwn(value, key))
    ? (constantOf({ constantValue: value }) ?? null)
    : value

const artifactTitle = (type: JsonObject | undefined): string => {
  if (typeof type?.['schemaTitle'] === 'string') return type['schemaTitle']
  const schema = typeof type?.['instanceSchema'] === 'string' ? type['instanceSchema'] : ''
  return /^title:\s*(\S+)/m.exec(schema)?.[1] ?? 'artifact'
}

const outputsOf = (component: Component, scope: Scope): PipelineGraph['outputs'] =>
  (['parameters', 'artifacts'] as const).flatMap((kinds) =>
    Object.keys(component.dag?.outputs?.[kinds] ?? {}).map((name) => {
      const kind = kinds === 'parameters' ? 'parameter' : 'artifact'
      return { name, kind, origins: originsOfOutput(component.dag as Dag, scope, kind, name) } as const
    }),
  )

const tasksOf = (scope: Scope): readonly GraphTask[] => {
  const layers = layersOf(scope.tasks)
  return Object.entries(scope.tasks).map(([name, task]) => graphTask(name, task, layers.get(name) ?? 0, scope))
}

const layersOf = (tasks: Readonly<Record<string, PipelineTask>>): ReadonlyMap<string, number> => {
  const layers = new Map<string, number>()
  const waiting = new Map(Object.entries(tasks).map(([name, task]) => [name, taskNeeds(task)]))
  for (let grew = true; grew; ) {
    grew = false
    for (const [name, needs] of waiting) {
      if (!needs.every((need) => layers.has(need))) continue
      layers.set(name, Math.max(-1, ...needs.map((need) => layers.get(need) ?? 0)) + 1)
      waiting.delete(name)
      grew = true
    }
  }
  return layers
}

const graphTask = (name: string, task: PipelineTask, layer: number, scope: Scope): GraphTask => {
  const { spec } = scope
  const component = spec.components?.[task.componentRef.name] ?? {}
  const executor = spec.deploymentSpec?.executors?.[component.executorLabel ?? '']
  const path = [...scope.path, name]
  const inputs = describeInputs(task, scope)
  const inner = component.dag === undefined ? undefined : innerScope(component.dag, task, path, inputs, scope)
  const needs = taskNeeds(task)
  const fed = new Set([...dataNeeds(task)])
  const condition = task.triggerPolicy?.condition
  const container = executor?.container
  return {
    path: path.join('/'),
    name,
    kind:
      component.dag !== undefined
        ? 'group'
        : container !== undefined
          ? 'container'
          : executor?.importer !== undefined
            ? 'importer'
            : executor?.resolver !== undefined
              ? 'resolver'
              : 'customJob',
    component: task.componentRef.name,
    image: container?.image ?? null,
    function: functionOf(container?.args),
    group: component.dag === undefined ? null : groupOf(task),
    condition: condition === undefined || condition === '' ? null : readableCondition(condition, inputs),
    loop: loopOf(task, inputs),
    always: task.triggerPolicy?.strategy === 'ALL_UPSTREAM_TASKS_COMPLETED',
    inputs,
    needs,
    after: needs.filter((need) => !fed.has(need)),
    layer,
    retries: task.retryPolicy?.maxRetryCount ?? 0,
    cache: task.cachingOptions?.enableCache === true,
    tasks: inner === undefined ? [] : tasksOf(inner),
  }
}

const dataNeeds = (task: PipelineTask): readonly string[] => [
  ...Object.values(task.inputs?.parameters ?? {}).flatMap(({ taskOutputParameter, taskFinalStatus }) => {
    const producer = taskOutputParameter?.producerTask ?? taskFinalStatus?.producerTask
    return producer === undefined ? [] : [producer]
  }),
  ...Object.values(task.inputs?.artifacts ?? {}).flatMap(({ taskOutputArtifact }) =>
    taskOutputArtifact === undefined ? [] : [taskOutputArtifact.producerTask],
  ),
]

/** The lightweight component's function: `--function_to_execute f`. */
const functionOf = (args: readonly Json[] | undefined): string | null => {
  const at = args?.indexOf('--function_to_execute') ?? -1
  const name = at < 0 ? undefined : args?.[at + 1]
  return typeof name === 'string' ? name : null
}

/** kfp tells its groups apart by the names of their components only. */
const groupOf = (task: PipelineTask): Exclude<GraphTask['group'], null> => {
  if (task.parameterIterator !== undefined || task.artifactIterator !== undefined) return 'loop'
  if (task.triggerPolicy?.condition !== undefined && task.triggerPolicy.condition !== '') return 'condition'
  if (/^comp-condition-branches-\d+/.test(task.componentRef.name)) return 'branches'
  return /^comp-exit-handler-\d+/.test(task.componentRef.name) ? 'exitHandler' : 'pipeline'
}

/** `nameOf` as for originText. */
export const loopOf = (
  task: PipelineTask,
  inputs: readonly GraphInput[],
  nameOf?: (path: string) => string,
): GraphLoop | null => {
  const { parameterIterator, artifactIterator } = task
  const of = parameterIterator?.items.inputParameter ?? artifactIterator?.items.inputArtifact
  if (parameterIterator === undefined && artifactIterator === undefined) return null
  const origins = inputs.find(({ name }) => name === of)?.from ?? []
  return {
    over:
      of === undefined
        ? (parameterIterator?.items.raw ?? '[]')
        : origins.map((origin) => originText(origin, nameOf)).join(' or ') || of,
    items: parameterIterator === undefined ? 'artifacts' : 'parameters',
    parallelism: task.iteratorPolicy?.parallelismLimit ?? null,
  }
}

const innerScope = (
  dag: Dag,
  task: PipelineTask,
  path: readonly string[],
  inputs: readonly GraphInput[],
  scope: Scope,
): Scope => {
  const origins = new Map(inputs.map(({ name, kind, from }) => [`${kind}:${name}`, from]))
  const item = { kind: 'item', loop: path.join('/'), field: null } as const
  if (task.parameterIterator !== undefined) origins.set(`parameter:${task.parameterIterator.itemInput}`, [item])
  if (task.artifactIterator !== undefined) origins.set(`artifact:${task.artifactIterator.itemInput}`, [item])
  return { spec: scope.spec, path, tasks: dag.tasks ?? {}, origins }
}

/** Every task of the graph, groups before what they hold. */
export const allTasks = (tasks: readonly GraphTask[]): readonly GraphTask[] =>
  tasks.flatMap((task) => [task, ...allTasks(task.tasks)])
