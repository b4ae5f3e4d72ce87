import { isJsonObject, type Json, type JsonObject } from './json.ts'
import { fitsParameterType } from './parameter-type.ts'

/**
 * What is wrong with a run's parameters, one line each; none where the pipeline can be started with them. Vertex AI
 * refuses unknown parameters but starts a pipeline whose required ones are missing, so both are told before the launch.
 */
export const parameterFaults = (ir: JsonObject, parameters: JsonObject): readonly string[] => {
  const declared = declaredParameters(ir)
  const names = Object.keys(declared)
  const faults: string[] = []
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue
    const definition = declared[name]
    if (!isJsonObject(definition))
      faults.push(
        `${name}: the pipeline has no such parameter${names.length > 0 ? `; it has ${names.join(', ')}` : ''}`,
      )
    else if (!fitsParameterType(definition['parameterType'], value))
      faults.push(`${name}: the pipeline wants ${String(definition['parameterType'])}, got ${JSON.stringify(value)}`)
  }
  for (const name of names) {
    const definition = declared[name]
    if (!isJsonObject(definition) || Object.hasOwn(parameters, name)) continue
    if (definition['isOptional'] !== true && definition['defaultValue'] === undefined)
      faults.push(`${name}: the pipeline needs it, and winnow.yaml does not set it under parameters`)
  }
  return faults
}

const declaredParameters = (ir: JsonObject): JsonObject => {
  let at: Json | undefined = isJsonObject(ir['pipelineSpec']) ? ir['pipelineSpec'] : ir
  for (const key of ['root', 'inputDefinitions', 'parameters']) at = isJsonObject(at) ? at[key] : undefined
  return isJsonObject(at) ? at : {}
}
