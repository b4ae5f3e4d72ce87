import type { JsonObject } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'

/**
 * What a platform spec asks for beyond the pipeline, one line for each executor and feature, such as
 * `kubernetes: exec-train asks for secretAsEnv, pvcMount`: to be told to the user where a target leaves it out.
 */
export const platformRequests = (platformSpec: JsonObject): readonly string[] => {
  const platforms = isJsonObject(platformSpec['platforms']) ? platformSpec['platforms'] : {}
  return Object.entries(platforms).flatMap(([platform, config]) => {
    if (!isJsonObject(config)) return []
    const deployment = isJsonObject(config['deploymentSpec']) ? config['deploymentSpec'] : {}
    const executors = isJsonObject(deployment['executors']) ? deployment['executors'] : {}
    const lines = Object.entries(executors).map(
      ([name, wishes]) =>
        `${platform}: ${name} asks for ${isJsonObject(wishes) ? Object.keys(wishes).join(', ') : String(wishes)}`,
    )
    const others = Object.keys(config).filter((key) => key !== 'deploymentSpec')
    return others.length > 0 ? [...lines, `${platform}: the pipeline asks for ${others.join(', ')}`] : lines
  })
}
