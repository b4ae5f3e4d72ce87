import type { Json, JsonObject } from '../../domain/json.ts'

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

const textLimit = (value: Json | undefined): number | undefined => {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(|k|[KMGT]i?)$/.exec(value) : null
  return match === null ? undefined : Math.round(Number(match[1]) * (units[match[2] ?? ''] ?? 1))
}

/** Bytes that a container's `resources` allow it: `resourceMemoryLimit: 2Gi`, or the older `memoryLimit` in GB. */
export const memoryLimit = (resources: JsonObject): number | undefined => {
  const older = resources['memoryLimit']
  return (
    textLimit(resources['resourceMemoryLimit']) ?? (typeof older === 'number' && older > 0 ? older * 1e9 : undefined)
  )
}
