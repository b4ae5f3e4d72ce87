import { isFault, messageOf } from '../domain/errors.ts'
import type { Json } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'
import type { RuntimeArtifact, TaskInputs } from './execution.ts'
import { constantOf, findArtifacts, findParameter, type Missing } from './input-sources.ts'
import type { Component, ParameterDefinition, PipelineTask } from './ir.ts'
import type { Draft, Node } from './job-state.ts'
import { type PlaceholderScope, placeholderInputs, resolveValue } from './placeholders.ts'
import { selectValue } from './selectors.ts'
import { convertParameter, declaredType } from './values.ts'

export interface ResolvedInputs {
  readonly inputs: TaskInputs
  /** Inputs of the task or component without a value. */
  readonly absent: ReadonlySet<string>
  /** Why the task is skipped: a required input was lost with a skipped branch. */
  readonly lost: string | null
  /** Why the task fails. */
  readonly fault: string | null
  readonly scope: PlaceholderScope
}

const holdsPlaceholder = (value: Json): boolean => JSON.stringify(value).includes('{{$')

/**
 * The inputs of a task from the values around it: constants with their placeholders filled in, selectors applied,
 * defaults for what is absent, each as its declared type. A DAG may be given less than it declares (its own tasks say
 * what they need); an executor may not.
 */
export const resolveTaskInputs = (
  draft: Draft,
  group: Node,
  node: Node,
  task: PipelineTask,
  component: Component,
): ResolvedInputs => {
  const definitions = component.inputDefinitions?.parameters ?? {}
  const artifactDefinitions = component.inputDefinitions?.artifacts ?? {}
  const parameters: Record<string, Json> = {}
  const artifacts: Record<string, readonly RuntimeArtifact[]> = {}
  const absent = new Set([...Object.keys(definitions), ...Object.keys(artifactDefinitions)])
  const missing = new Map<string, Missing>()
  const later: [string, Json][] = []
  let fault: string | null = null
  const fail = (name: string, why: string): void => {
    fault ??= `input "${name}": ${why}`
  }
  const put = (name: string, value: Json): void => {
    const converted = convertParameter(
      value,
      declaredType(Object.hasOwn(definitions, name) ? definitions[name] : undefined),
    )
    if (!converted.ok) {
      fail(name, converted.reason)
      return
    }
    parameters[name] = converted.value
    absent.delete(name)
    missing.delete(name)
  }
  const scope: PlaceholderScope = {
    job: draft.context,
    taskName: task.taskInfo?.name ?? node.name,
    get taskId() {
      return draft.context.taskId(node.path)
    },
    parameters,
    artifacts,
    optional: absent,
    outputFiles: {},
    outputArtifacts: {},
    executorInput: null,
    localPath: (uri) => uri,
  }
  const fillIn = (name: string, value: Json): void => {
    const unknown = placeholderInputs(value).find((input) => missing.get(input)?.how === 'lost')
    if (unknown !== undefined) {
      missing.set(name, { why: missing.get(unknown)?.why ?? '', how: 'lost' })
      return
    }
    try {
      put(name, resolveValue(value, scope))
    } catch (error) {
      if (!isFault(error)) throw error
      fail(name, messageOf(error))
    }
  }

  for (const [name, input] of Object.entries(task.inputs?.artifacts ?? {})) {
    const found = findArtifacts(draft, group, input)
    if (found.value === undefined) missing.set(name, found)
    else {
      artifacts[name] = found.value
      absent.delete(name)
    }
  }
  for (const [name, input] of Object.entries(task.inputs?.parameters ?? {})) {
    const found = findParameter(draft, group, input)
    if (found.value === undefined) {
      missing.set(name, found)
      absent.add(name)
      continue
    }
    const isConstant = input.runtimeValue !== undefined
    if (isConstant && holdsPlaceholder(found.value)) {
      later.push([name, found.value])
      continue
    }
    const selected =
      input.parameterExpressionSelector === undefined
        ? ({ ok: true, value: found.value } as const)
        : selectValue(input.parameterExpressionSelector, found.value)
    if (selected.ok) put(name, selected.value)
    else fail(name, selected.reason)
  }
  for (const [name, value] of later) fillIn(name, value)
  for (const [name, definition] of Object.entries(definitions)) {
    if (
      definition.defaultValue !== undefined &&
      !Object.hasOwn(parameters, name) &&
      !later.some(([key]) => key === name)
    ) {
      fillIn(name, defaultOf(definition) ?? null)
    }
  }

  let lost: string | null = null
  for (const [name, { why, how }] of missing) {
    const definition = Object.hasOwn(definitions, name)
      ? definitions[name]
      : Object.hasOwn(artifactDefinitions, name)
        ? artifactDefinitions[name]
        : undefined
    if (definition?.isOptional === true) continue
    if (how === 'lost') lost ??= `its input "${name}" does not exist: ${why}`
    else if (how === 'unwritten') fail(name, why)
    else if (component.dag === undefined && (definition !== undefined || how === 'unset')) fail(name, why)
  }
  if (component.dag === undefined) requireInputs(component, task, absent, missing, fail)
  return { inputs: { parameters, artifacts }, absent, lost, fault, scope }
}

const requireInputs = (
  component: Component,
  task: PipelineTask,
  absent: ReadonlySet<string>,
  missing: ReadonlyMap<string, unknown>,
  fail: (name: string, why: string) => void,
): void => {
  const iterated = task.parameterIterator?.itemInput ?? task.artifactIterator?.itemInput
  const { parameters = {}, artifacts = {} } = component.inputDefinitions ?? {}
  for (const [name, definition] of [...Object.entries(parameters), ...Object.entries(artifacts)]) {
    const required =
      definition.isOptional !== true && !('defaultValue' in definition && definition.defaultValue !== undefined)
    if (required && absent.has(name) && !missing.has(name) && name !== iterated) fail(name, 'it was given no value')
  }
}

/** The default of a parameter; 2.0.0, which has no `parameterType`, wraps it as `{intValue: "3"}`. */
export const defaultOf = (definition: ParameterDefinition): Json | undefined => {
  const { defaultValue, parameterType } = definition
  if (parameterType !== undefined || !isJsonObject(defaultValue)) return defaultValue
  return constantOf({ constantValue: defaultValue }) ?? defaultValue
}

/** Only what the component declares: a task may hold further inputs for its condition and its texts. */
export const declaredInputs = (inputs: TaskInputs, component: Component): TaskInputs => ({
  parameters: Object.fromEntries(
    Object.entries(inputs.parameters).filter(([name]) =>
      Object.hasOwn(component.inputDefinitions?.parameters ?? {}, name),
    ),
  ),
  artifacts: Object.fromEntries(
    Object.entries(inputs.artifacts).filter(([name]) =>
      Object.hasOwn(component.inputDefinitions?.artifacts ?? {}, name),
    ),
  ),
})
