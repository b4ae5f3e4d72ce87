import { digestJson } from '../domain/digest.ts'
import { Fault } from '../domain/errors.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import type { Executor, ParameterType, ReadyTask, TaskInputs } from './execution.ts'
import { constantOf } from './input-sources.ts'
import type { Component, ContainerSpec, ImporterSpec, PipelineTask, RuntimeValue } from './ir.ts'
import type { Draft, Node } from './job-state.ts'
import { type PlaceholderScope, resolveText, resolveValue } from './placeholders.ts'
import { retryPolicyOf } from './retry.ts'
import { declaredInputs } from './task-inputs.ts'
import { declaredType, valueText } from './values.ts'

const containerOf = (spec: ContainerSpec, scope: PlaceholderScope): Executor => ({
  kind: 'container',
  image: resolveText(spec.image, scope),
  command: spec.command ?? [],
  args: spec.args ?? [],
  env: Object.fromEntries((spec.env ?? []).map(({ name, value }) => [name, resolveText(value ?? '', scope)])),
  resources: resolveValue(spec.resources ?? {}, scope) as JsonObject,
})

const importedUri = (uri: RuntimeValue, scope: PlaceholderScope): string => {
  const constant = constantOf(uri)
  if (constant !== undefined) return resolveText(valueText(constant), scope)
  const text = valueText(scope.parameters[uri.runtimeParameter ?? 'uri'])
  if (text !== '') return text
  throw new Fault('pipeline_invalid', 'An importer has no URI to import.', { remedy: 'Give its artifact_uri a value.' })
}

/** `metadata`, or the typed properties that stand in its place in schema 2.0.0. */
const importedMetadata = (spec: ImporterSpec, scope: PlaceholderScope): JsonObject => {
  const properties = Object.entries({ ...spec.properties, ...spec.customProperties })
  const typed = properties.map(([key, value]): [string, Json] => [
    key,
    constantOf(value) ?? scope.parameters[value.runtimeParameter ?? ''] ?? null,
  ])
  return resolveValue({ ...Object.fromEntries(typed), ...spec.metadata }, scope) as JsonObject
}

const importerOf = (spec: ImporterSpec, scope: PlaceholderScope): Executor => ({
  kind: 'importer',
  uri: importedUri(spec.artifactUri, scope),
  type: spec.typeSchema ?? {},
  metadata: importedMetadata(spec, scope),
  reimport: spec.reimport ?? false,
  downloadToWorkspace: spec.downloadToWorkspace ?? false,
})

const executorOf = (draft: Draft, component: Component, scope: PlaceholderScope): Executor => {
  const spec = draft.spec.deploymentSpec?.executors?.[component.executorLabel ?? '']
  if (spec?.container !== undefined) return containerOf(spec.container, scope)
  if (spec?.importer !== undefined) return importerOf(spec.importer, scope)
  if (spec?.resolver !== undefined) return { kind: 'resolver', queries: spec.resolver.outputArtifactQueries ?? {} }
  if (spec?.customJob !== undefined) return { kind: 'customJob', job: spec.customJob.customJob ?? {} }
  throw new Fault('pipeline_invalid', `The executor "${component.executorLabel}" is none that can be run.`, {
    remedy: 'Use a container or an importer.',
  })
}

const outputsOf = (component: Component): ReadyTask['outputs'] => ({
  parameters: Object.fromEntries(
    Object.entries(component.outputDefinitions?.parameters ?? {}).map(([name, definition]): [string, ParameterType] => [
      name,
      declaredType(definition) ?? 'STRING',
    ]),
  ),
  artifacts: Object.fromEntries(
    Object.entries(component.outputDefinitions?.artifacts ?? {}).map(([name, definition]) => [
      name,
      { type: definition.artifactType ?? {}, isList: definition.isArtifactList ?? false },
    ]),
  ),
})

// An artifact counts by what it is and where it lies; its resource name differs from job to job.
const cacheKeyOf = (executor: Executor, inputs: TaskInputs, outputs: ReadyTask['outputs']): string =>
  digestJson({
    executor,
    parameters: inputs.parameters,
    artifacts: Object.fromEntries(
      Object.entries(inputs.artifacts).map(([name, list]) => [
        name,
        list.map(({ uri, type, metadata }) => ({ uri, type, metadata })),
      ]),
    ),
    outputs,
  } as unknown as Json)

/** All that the engine needs to run a task. Throws Fault where its executor cannot be made out. */
export const readyTask = (draft: Draft, node: Node, task: PipelineTask, scope: PlaceholderScope): ReadyTask => {
  const inputs = declaredInputs(node.inputs, node.component)
  const executor = executorOf(draft, node.component, scope)
  const outputs = outputsOf(node.component)
  const cacheable = task.cachingOptions?.enableCache === true
  const givenCacheKey = task.cachingOptions?.cacheKey
  return {
    path: node.path,
    name: node.name,
    displayName: scope.taskName,
    componentName: node.componentName,
    executor,
    inputs,
    outputs,
    inputDefinitions: (node.component.inputDefinitions ?? {}) as JsonObject,
    cacheable,
    cacheKey: cacheable ? cacheKeyOf(executor, inputs, outputs) : null,
    ...(givenCacheKey === undefined || givenCacheKey === '' ? {} : { givenCacheKey }),
    retry: retryPolicyOf(task.retryPolicy),
  }
}
