import { Fault, isFault } from '../domain/errors.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'
import type { JobContext } from './execution.ts'
import { constantOf } from './input-sources.ts'
import type { PipelineSpec } from './ir.ts'
import { type PlaceholderScope, resolveValue } from './placeholders.ts'
import { suggestName } from './suggest-name.ts'
import { defaultOf } from './task-inputs.ts'
import { checkParameter, declaredType } from './values.ts'

/** The parameters of schema 2.0.0, `{x: {intValue: "3"}}`, as plain values. */
export const plainParameters = (parameters: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      isJsonObject(value) ? constantOf({ constantValue: value }) : value,
    ]),
  )

const jobScope = (
  context: JobContext,
  parameters: Readonly<Record<string, Json>>,
  names: Iterable<string>,
): PlaceholderScope => ({
  job: context,
  taskName: 'root',
  taskId: '',
  parameters,
  artifacts: {},
  optional: new Set(names),
  outputFiles: {},
  outputArtifacts: {},
  executorInput: null,
  localPath: (uri) => uri,
})

/** What is wrong with runtime parameters, one line each; empty where they fit the pipeline. */
export const checkJobParameters = (spec: PipelineSpec, given: JsonObject): readonly string[] => {
  const definitions = spec.root.inputDefinitions?.parameters ?? {}
  const problems: string[] = []
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
    if (definition === undefined) {
      problems.push(`parameter "${name}" is unknown to the pipeline${suggestName(name, Object.keys(definitions))}`)
      continue
    }
    const checked = checkParameter(value, declaredType(definition))
    if (!checked.ok) problems.push(`parameter "${name}": ${checked.reason}`)
    else if (value === null && definition.isOptional !== true)
      problems.push(`parameter "${name}" is required and cannot be null`)
  }
  for (const [name, definition] of Object.entries(definitions)) {
    const optional = definition.isOptional === true || definition.defaultValue !== undefined
    if (!optional && given[name] === undefined) problems.push(`parameter "${name}" is required and was not given`)
  }
  return problems
}

/**
 * The parameters of a job: what was given, completed with the pipeline's defaults (placeholders in them filled in).
 * Throws Fault `pipeline_invalid` with one detail for each parameter that is missing, unknown or of another type.
 */
export const resolveJobParameters = (
  spec: PipelineSpec,
  given: JsonObject,
  context: JobContext,
): Record<string, Json> => {
  const problems = checkJobParameters(spec, given)
  const name = spec.pipelineInfo.name
  if (problems.length > 0) {
    throw new Fault('pipeline_invalid', `The parameters do not fit the pipeline "${name}": ${problems.join('; ')}.`, {
      remedy: 'Correct the parameters, or give the pipeline the inputs that are meant.',
      details: problems,
    })
  }
  const definitions = spec.root.inputDefinitions?.parameters ?? {}
  const parameters: Record<string, Json> = {}
  for (const [key, value] of Object.entries(given)) if (value !== undefined) parameters[key] = value
  const scope = jobScope(context, parameters, Object.keys(definitions))
  for (const [key, definition] of Object.entries(definitions)) {
    const fallback = defaultOf(definition)
    if (fallback === undefined || parameters[key] !== undefined) continue
    try {
      parameters[key] = resolveValue(fallback, scope)
    } catch (fault) {
      throw isFault(fault)
        ? new Fault(
            'pipeline_invalid',
            `The default of parameter "${key}" of "${name}" cannot be used. ${fault.message}`,
            {
              cause: fault,
              remedy: 'Correct the default value, or give the parameter.',
            },
          )
        : fault
    }
  }
  return parameters
}
