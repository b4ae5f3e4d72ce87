import { isJsonObject, type Json } from '../../domain/json.ts'
import type { Endpoint } from '../resources.ts'
import { statusError } from '../status.ts'

export type TrafficSplit = Readonly<Record<string, number>>

/** The split of a request: deployed model id → percent. INVALID_ARGUMENT where it neither is empty nor sums to 100. */
export const splitOf = (value: Json | undefined): TrafficSplit => {
  const entries = Object.entries(isJsonObject(value) ? value : {}).map(
    ([id, percent]) => [id, Number(percent)] as const,
  )
  for (const [id, percent] of entries)
    if (!Number.isInteger(percent) || percent < 0 || percent > 100)
      throw statusError(
        'INVALID_ARGUMENT',
        `traffic_split gives ${id} ${percent} %: it takes whole numbers from 0 to 100`,
      )
  const sum = entries.reduce((total, [, percent]) => total + percent, 0)
  if (entries.length > 0 && sum !== 100)
    throw statusError('INVALID_ARGUMENT', `traffic_split sums to ${sum}: its percentages must add up to 100`)
  return Object.fromEntries(entries)
}

/** INVALID_ARGUMENT where the split names a model that is not deployed to the endpoint. */
export const checkSplit = (endpoint: Endpoint, split: TrafficSplit): TrafficSplit => {
  const ids = new Set(endpoint.deployedModels.map(({ id }) => id))
  for (const id of Object.keys(split))
    if (!ids.has(id))
      throw statusError(
        'INVALID_ARGUMENT',
        `traffic_split names ${JSON.stringify(id)}, which is not deployed to ${endpoint.name}`,
      )
  return split
}

/** The deployed model that a request goes to, `chance` being from 0 up to but not including 1. Undefined: no traffic. */
export const pickByTraffic = (split: TrafficSplit, chance: number): string | undefined => {
  let left = chance * 100
  for (const [id, percent] of Object.entries(split)) {
    left -= percent
    if (left < 0) return id
  }
  return undefined
}
