import { readFile } from 'node:fs/promises'
import { isJsonObject, type Json } from '../../../domain/json.ts'
import type { PlatformServices } from '../../services.ts'

/** How each kind of thing that a launcher starts is stopped. */
const cancels = {
  CustomJob: ['JobService', 'cancelCustomJob'],
  BatchPredictionJob: ['JobService', 'cancelBatchPredictionJob'],
  VertexLro: ['Operations', 'cancelOperation'],
} as const

/** The resources that a launcher wrote down (its `gcp_resources`), by kind and name; none where it came to nothing. */
const startedIn = async (file: string): Promise<readonly (readonly [kind: keyof typeof cancels, name: string])[]> => {
  const text = await readFile(file, 'utf8').catch(() => '{}')
  const parsed = ((): Json => {
    try {
      return JSON.parse(text) as Json
    } catch {
      return null
    }
  })()
  const resources = isJsonObject(parsed) && Array.isArray(parsed['resources']) ? (parsed['resources'] as Json[]) : []
  return resources.filter(isJsonObject).flatMap(({ resourceType, resourceUri }) => {
    const kind = (Object.keys(cancels) as (keyof typeof cancels)[]).find((known) => known === resourceType)
    const name = /\/v1(?:beta1)?\/(projects\/.*)$/.exec(String(resourceUri))?.[1]
    return kind === undefined || name === undefined ? [] : [[kind, name] as const]
  })
}

/** Stops what a launcher started and did not see the end of: it may have been killed before it could do so itself. */
export const cancelStarted = async (file: string, services: PlatformServices, log: (line: string) => void) => {
  for (const [kind, name] of await startedIn(file)) {
    const [service, method] = cancels[kind]
    try {
      await services.call(service, method, { name })
      log(`${name} was cancelled with the task that started it`)
    } catch {
      // It has ended, or is gone: there is nothing to stop.
    }
  }
}
