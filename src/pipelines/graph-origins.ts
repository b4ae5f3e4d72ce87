import type { Json } from '../domain/json.ts'
import type { Dag, PipelineSpec, PipelineTask } from './ir.ts'

/** Where a value comes from in the end, through however many groups it is handed. */
export type Origin =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'task'; readonly task: string; readonly output: string; readonly field: string | null }
  | { readonly kind: 'item'; readonly loop: string; readonly field: string | null }
  | { readonly kind: 'status'; readonly task: string }
  | { readonly kind: 'constant'; readonly value: Json }

/** The inside of one DAG: its tasks, and where its inputs come from (`parameter:x`, `artifact:y`). */
export interface Scope {
  readonly spec: PipelineSpec
  readonly path: readonly string[]
  readonly tasks: Readonly<Record<string, PipelineTask>>
  readonly origins: ReadonlyMap<string, readonly Origin[]>
}

type Kind = 'parameter' | 'artifact'

/** The tasks that make an output of a task: more than one where a group picks one of several. */
export const originsOfTask = (scope: Scope, task: string, kind: Kind, output: string): readonly Origin[] => {
  const path = [...scope.path, task]
  const component = scope.spec.components?.[scope.tasks[task]?.componentRef.name ?? '']
  const inside = component?.dag
  const made: Origin = { kind: 'task', task: path.join('/'), output, field: null }
  if (inside === undefined) return [made]
  const origins = originsOfOutput(
    inside,
    { spec: scope.spec, path, tasks: inside.tasks ?? {}, origins: new Map() },
    kind,
    output,
  )
  return origins.length === 0 ? [made] : origins
}

export const originsOfOutput = (dag: Dag, scope: Scope, kind: Kind, name: string): readonly Origin[] => {
  if (kind === 'artifact')
    return (dag.outputs?.artifacts?.[name]?.artifactSelectors ?? []).flatMap(({ producerSubtask, outputArtifactKey }) =>
      originsOfTask(scope, producerSubtask, kind, outputArtifactKey),
    )
  const { valueFromParameter, valueFromOneof } = dag.outputs?.parameters?.[name] ?? {}
  const selectors = [
    ...(valueFromParameter === undefined ? [] : [valueFromParameter]),
    ...(valueFromOneof?.parameterSelectors ?? []),
  ]
  return selectors.flatMap(({ producerSubtask, outputParameterKey }) =>
    originsOfTask(scope, producerSubtask, kind, outputParameterKey),
  )
}

const lastName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** kfp names the one value that a function returns `Output`: its task's name says as much. */
const outputText = (task: string, output: string): string =>
  output === 'Output' || output === 'output' ? task : `${task}.${output}`

/** An origin in words; `nameOf` says what to call the task at a path. */
export const originText = (origin: Origin, nameOf: (path: string) => string = lastName): string => {
  switch (origin.kind) {
    case 'input':
      return origin.name
    case 'task':
      return `${outputText(nameOf(origin.task), origin.output)}${origin.field ?? ''}`
    case 'item':
      return `item${origin.field ?? ''}`
    case 'status':
      return `status of ${nameOf(origin.task)}`
    case 'constant':
      return JSON.stringify(origin.value)
  }
}

/** A condition with its inputs named by where they come from: `train.accuracy > 0.9`. */
export const readableCondition = (
  condition: string,
  inputs: readonly { readonly name: string; readonly kind: Kind; readonly from: readonly Origin[] }[],
  nameOf?: (path: string) => string,
): string => {
  const named = (kind: Kind, name: string, whole: string): string => {
    const from = inputs.find((input) => input.kind === kind && input.name === name)?.from ?? []
    return from.length === 0 ? whole : from.map((origin) => originText(origin, nameOf)).join('|')
  }
  return condition
    .replace(/inputs\.parameter_values\['([^']*)'\]/g, (whole, name: string) => named('parameter', name, whole))
    .replace(/inputs\.parameters\['([^']*)'\]\.\w+_value/g, (whole, name: string) => named('parameter', name, whole))
    .replace(/inputs\.artifacts\['([^']*)'\]\.artifacts\[0\]/g, (whole, name: string) => named('artifact', name, whole))
}
