import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import type { ParameterDefinition } from '../pipelines/ir.ts'
import { parsePipeline } from '../pipelines/parse-pipeline.ts'
import { typedValue } from '../pipelines/typed-values.ts'
import { declaredType } from '../pipelines/values.ts'

/** The parameters that a compiled job brings in its own runtimeConfig; a bare spec brings none. */
export const parametersInFile = async (file: string): Promise<JsonObject> =>
  ['.json', '.yaml', '.yml'].includes(extname(file))
    ? (parsePipeline(await readFile(file, 'utf8'), file).job?.parameters ?? {})
    : {}

const definitionsOf = (spec: JsonObject): Readonly<Record<string, ParameterDefinition>> => {
  let at: unknown = spec
  for (const key of ['root', 'inputDefinitions', 'parameters']) at = isJsonObject(at) ? at[key] : undefined
  return isJsonObject(at) ? (at as Record<string, ParameterDefinition>) : {}
}

/** Parameters in the form that the spec's schema takes: plain ones, or 2.0.0's with their types. */
export const runtimeParameters = (spec: JsonObject, parameters: JsonObject): JsonObject => {
  if (spec['schemaVersion'] !== '2.0.0') return { parameterValues: parameters }
  const definitions = definitionsOf(spec)
  const typed = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typedValue(value, declaredType(definitions[name]))]],
  )
  return { parameters: Object.fromEntries(typed) as JsonObject }
}
