import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import { checkPipelineSpec, parsePipeline } from '../../pipelines/parse-pipeline.ts'
import { fieldOf, objectField } from './fields.ts'
import { packageText } from './package-text.ts'

// A pipeline is kept as builds keep it: the spec with the platform spec beside its members. Clients write and read a
// bare spec, or the two as `{pipeline_spec, platform_spec}` where there is something in the second.

const irOf = (spec: object, platformSpec: JsonObject | null | undefined): JsonObject => {
  const { platformSpec: _, platform_spec: __, ...bare } = spec as JsonObject
  return platformSpec && Object.keys(platformSpec).length > 0 ? { ...bare, platformSpec } : bare
}

/** From a message's `pipeline_spec`. Fault `pipeline_invalid`. */
export const irOfStruct = (struct: JsonObject): JsonObject => {
  const inside = fieldOf(struct, 'pipeline_spec')
  const spec = checkPipelineSpec(isJsonObject(inside) ? inside : struct, 'pipeline_spec')
  return irOf(spec, objectField(struct, 'platform_spec'))
}

/** From an uploaded file. Fault `pipeline_invalid`. */
export const irOfPackage = async (bytes: Buffer, name: string): Promise<JsonObject> => {
  const { text, file } = await packageText(bytes, name)
  const { spec, platformSpec } = parsePipeline(text, file)
  return irOf(spec, platformSpec)
}

/** As the API shows it. */
export const structOf = (ir: JsonObject): JsonObject => {
  const { platformSpec, ...spec } = ir
  return isJsonObject(platformSpec) ? { pipeline_spec: spec, platform_spec: platformSpec } : spec
}

export const pipelineNameOf = (ir: JsonObject): string => {
  const info = ir['pipelineInfo']
  return isJsonObject(info) && typeof info['name'] === 'string' ? info['name'] : ''
}
