import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { JobContext, ReadyTask, RuntimeArtifact } from './execution.ts'
import type { ParameterDefinition } from './ir.ts'
import type { PlaceholderScope } from './placeholders.ts'
import { doubleJson, typedValue } from './typed-values.ts'
import { declaredType } from './values.ts'

/** Where a task's outputs go and how it reaches files: the engine's choice. */
export interface ExecutorLayout {
  /** The file in which the task may leave an output parameter. */
  readonly parameterFile: (output: string) => string
  /** The URI allocated for an output artifact. */
  readonly artifactUri: (output: string) => string
  /** The resource name of an output artifact. */
  readonly artifactName: (output: string) => string
  /** The file of the executor's own answer (`{"parameterValues": …, "artifacts": …}`). */
  readonly outputFile: string
  /** The path at which the task finds the file of a URI. */
  readonly localPath: (uri: string) => string
  /** The content of an artifact that holds one value, for TFX's `{{$.inputs.artifacts['x'].value}}`. */
  readonly artifactValue?: (artifact: RuntimeArtifact) => string | undefined
}

const artifactJson = (artifact: RuntimeArtifact): JsonObject => ({
  name: artifact.name,
  type: artifact.type,
  uri: artifact.uri,
  metadata: artifact.metadata,
  ...(artifact.customPath === undefined ? {} : { customPath: artifact.customPath }),
})

const outputArtifacts = (task: ReadyTask, layout: ExecutorLayout): Record<string, readonly RuntimeArtifact[]> =>
  Object.fromEntries(
    Object.entries(task.outputs.artifacts).map(([output, { type }]) => [
      output,
      [{ name: layout.artifactName(output), uri: layout.artifactUri(output), type, metadata: {} }],
    ]),
  )

const artifactLists = (artifacts: Readonly<Record<string, readonly RuntimeArtifact[]>>): JsonObject =>
  Object.fromEntries(Object.entries(artifacts).map(([name, list]) => [name, { artifacts: list.map(artifactJson) }]))

const definitionsOf = (task: ReadyTask): Readonly<Record<string, ParameterDefinition>> => {
  const { parameters } = task.inputDefinitions
  return isJsonObject(parameters) ? (parameters as Record<string, ParameterDefinition>) : {}
}

/** The values of a task's inputs; executors of schema 2.0.0 find them typed beside, under `parameters`. */
const inputParameters = (task: ReadyTask): JsonObject => {
  const definitions = definitionsOf(task)
  const values = Object.entries(task.inputs.parameters)
  const typed = values.filter(
    ([name, value]) =>
      value !== null && definitions[name]?.type !== undefined && definitions[name].parameterType === undefined,
  )
  return {
    parameterValues: Object.fromEntries(
      values.map(([name, value]) => [name, doubleJson(value, declaredType(definitions[name]))]),
    ),
    ...(typed.length > 0 && {
      parameters: Object.fromEntries(
        typed.map(([name, value]) => [name, typedValue(value, declaredType(definitions[name]))]),
      ),
    }),
  }
}

/** The ExecutorInput of the IR as JSON: what `{{$}}` stands for, and what kfp's executor reads. */
export const executorInput = (task: ReadyTask, layout: ExecutorLayout): JsonObject => {
  const parameters: Record<string, Json> = {}
  for (const output of Object.keys(task.outputs.parameters))
    parameters[output] = { outputFile: layout.parameterFile(output) }
  return {
    inputs: { ...inputParameters(task), artifacts: artifactLists(task.inputs.artifacts) },
    outputs: { parameters, artifacts: artifactLists(outputArtifacts(task, layout)), outputFile: layout.outputFile },
  }
}

/** What a container's placeholders stand for: pass it to resolveContainerArguments. */
export const containerScope = (task: ReadyTask, job: JobContext, layout: ExecutorLayout): PlaceholderScope => {
  const outputFiles: Record<string, string> = { outputFile: layout.outputFile }
  for (const output of Object.keys(task.outputs.parameters)) outputFiles[output] = layout.parameterFile(output)
  return {
    job,
    taskName: task.displayName,
    taskId: job.taskId(task.path),
    parameters: task.inputs.parameters,
    artifacts: task.inputs.artifacts,
    optional: new Set(
      ['parameters', 'artifacts'].flatMap((kind) => Object.keys((task.inputDefinitions[kind] ?? {}) as JsonObject)),
    ),
    outputFiles,
    outputArtifacts: outputArtifacts(task, layout),
    executorInput: executorInput(task, layout),
    localPath: layout.localPath,
    ...(layout.artifactValue === undefined ? {} : { artifactValue: layout.artifactValue }),
  }
}
