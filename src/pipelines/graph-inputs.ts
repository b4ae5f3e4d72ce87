import type { Json } from '../domain/json.ts'
import { type Origin, originsOfTask, type Scope } from './graph-origins.ts'
import type { PipelineTask, RuntimeValue, TaskParameterInput } from './ir.ts'

/** One input of a task and where its value comes from. */
export interface GraphInput {
  readonly name: string
  readonly kind: 'parameter' | 'artifact'
  /** Several: one of them, whichever branch runs; or all of them, where `composed`. */
  readonly from: readonly Origin[]
  /** The value is a text or a list that is put together of these. */
  readonly composed: boolean
}

export const describeInputs = (task: PipelineTask, scope: Scope): readonly GraphInput[] => [
  ...parameterInputs(task, scope),
  ...Object.entries(task.inputs?.artifacts ?? {}).map(
    ([name, { componentInputArtifact, taskOutputArtifact }]): GraphInput => ({
      name,
      kind: 'artifact',
      composed: false,
      from:
        taskOutputArtifact === undefined
          ? (scope.origins.get(`artifact:${componentInputArtifact}`) ?? [])
          : originsOfTask(scope, taskOutputArtifact.producerTask, 'artifact', taskOutputArtifact.outputArtifactKey),
    }),
  ),
]

/** kfp hands what a constant is put together of in inputs of its own, which say nothing beside it. */
const parameterInputs = (task: PipelineTask, scope: Scope): readonly GraphInput[] => {
  const inputs = task.inputs?.parameters ?? {}
  const used = new Set<string>()
  const made = Object.entries(inputs).map(([name, input]): GraphInput => {
    const from = parameterOrigins(input, scope)
    const parts = from.flatMap((origin) =>
      origin.kind === 'constant' ? partsOf(origin.value).filter((part) => Object.hasOwn(inputs, part)) : [],
    )
    if (parts.length === 0) return { name, kind: 'parameter', from, composed: false }
    for (const part of parts) used.add(part)
    const origins = parts.flatMap((part) => parameterOrigins(inputs[part] as TaskParameterInput, scope))
    return { name, kind: 'parameter', from: origins, composed: true }
  })
  return made.filter(({ name }) => !used.has(name))
}

const partsOf = (value: Json): readonly string[] => [
  ...new Set(
    [...JSON.stringify(value).matchAll(/\{\{\$\.inputs\.parameters\['([^']+)'\]/g)].map(([, name]) => name as string),
  ),
]

const parameterOrigins = (input: TaskParameterInput, scope: Scope): readonly Origin[] => {
  const { componentInputParameter, taskOutputParameter, taskFinalStatus, runtimeValue } = input
  const field = fieldOf(input.parameterExpressionSelector)
  const select = (origin: Origin): Origin =>
    field !== null && (origin.kind === 'task' || origin.kind === 'item')
      ? { ...origin, field: `${origin.field ?? ''}${field}` }
      : origin
  if (componentInputParameter !== undefined)
    return (scope.origins.get(`parameter:${componentInputParameter}`) ?? []).map(select)
  if (taskOutputParameter !== undefined)
    return originsOfTask(
      scope,
      taskOutputParameter.producerTask,
      'parameter',
      taskOutputParameter.outputParameterKey,
    ).map(select)
  if (taskFinalStatus !== undefined)
    return [{ kind: 'status', task: [...scope.path, taskFinalStatus.producerTask].join('/') }]
  return runtimeValue === undefined ? [] : [{ kind: 'constant', value: constant(runtimeValue) }]
}

/** `parseJson(string_value)["a"]` as `.a`. */
const fieldOf = (selector: string | undefined): string | null => {
  if (selector === undefined) return null
  const keys = [...selector.matchAll(/\["([^"]*)"\]|\['([^']*)'\]|\[(\d+)\]/g)]
  return keys.length === 0
    ? null
    : keys.map(([, a, b, index]) => (index === undefined ? `.${a ?? b}` : `[${index}]`)).join('')
}

const constant = ({ constant, constantValue, runtimeParameter }: RuntimeValue): Json =>
  constant ?? Object.values(constantValue ?? {})[0] ?? runtimeParameter ?? null
