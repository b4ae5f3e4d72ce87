import type { JsonObject } from '../../domain/json.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { TaskSettings } from './program.ts'
import type { Quantities } from './task-arguments.ts'

const isPlaceholder = (text: string): boolean => text.includes('{{$')

const cores = (text: string): number => (text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text))

const units: Readonly<Record<string, number>> = {
  '': 1,
  K: 1e3,
  Ki: 2 ** 10,
  M: 1e6,
  Mi: 2 ** 20,
  G: 1e9,
  Gi: 2 ** 30,
  T: 1e12,
  Ti: 2 ** 40,
  P: 1e15,
  Pi: 2 ** 50,
  E: 1e18,
  Ei: 2 ** 60,
}

/** In units of 10⁹ bytes, as the IR's older fields have it. */
const gigabytes = (text: string): number => {
  const [, digits = '', unit = ''] = /^(\d+)([A-Za-z]*)$/.exec(text) ?? []
  return (Number(digits) * (units[unit] ?? 1)) / 1e9
}

/** Both fields of the IR: the text, which may be a placeholder, and the number, for runners that know only that. */
const amount = (name: string, text: string | undefined, number: (text: string) => number): JsonObject => {
  if (text === undefined) return {}
  const newer = `resource${name[0]?.toUpperCase()}${name.slice(1)}`
  return { [newer]: text, ...(isPlaceholder(text) ? {} : { [name]: number(text) }) }
}

const accelerator = (type: string | undefined, count: string | undefined): JsonObject => {
  if (type === undefined || count === undefined) return {}
  return {
    accelerator: {
      resourceType: type,
      resourceCount: count,
      ...(isPlaceholder(type) ? {} : { type }),
      // An int64 in protobuf's JSON.
      ...(isPlaceholder(count) ? {} : { count }),
    },
  }
}

const resourcesOf = (quantities: Quantities): JsonObject => ({
  ...amount('cpuRequest', quantities.cpuRequest, cores),
  ...amount('cpuLimit', quantities.cpuLimit, cores),
  ...amount('memoryRequest', quantities.memoryRequest, gigabytes),
  ...amount('memoryLimit', quantities.memoryLimit, gigabytes),
  ...accelerator(quantities.acceleratorType, quantities.acceleratorCount),
})

const withEnv = (own: unknown, env: Readonly<Record<string, string>>): JsonObject => {
  const kept = (Array.isArray(own) ? own : []).filter(
    (one) => isJsonObject(one) && !Object.hasOwn(env, String(one['name'])),
  )
  const added = Object.entries(env).map(([name, value]) => ({ name, value }))
  return added.length === 0 ? {} : { env: [...kept, ...added] }
}

/** The executor of one task: the component's own, with what the task sets. */
export const executorOf = (executor: JsonObject, settings: TaskSettings, quantities: Quantities): JsonObject => {
  const { container } = executor
  if (!isJsonObject(container)) return executor
  const asked = resourcesOf(quantities)
  const own = isJsonObject(container['resources']) ? container['resources'] : {}
  const resources = Object.keys(asked).length === 0 ? {} : { resources: { ...own, ...asked } }
  return { ...executor, container: { ...container, ...withEnv(container['env'], settings.env), ...resources } }
}
