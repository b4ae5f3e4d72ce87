import type { Json, JsonObject } from '../../domain/json.ts'
import type { Channel, Channels } from './channels.ts'
import type { ResourceSettings, Source, TaskNode } from './program.ts'
import { sourceOf } from './references.ts'

const resourceInputs = {
  cpuRequest: 'cpu_request',
  cpuLimit: 'cpu_limit',
  memoryRequest: 'memory_request',
  memoryLimit: 'memory_limit',
  acceleratorType: 'accelerator_type',
  acceleratorCount: 'accelerator_count',
} as const satisfies Record<keyof ResourceSettings, string>

/** Of a source that goes into a value or a setting when the task runs. */
const placeholder = (name: string): string => `{{$.inputs.parameters['${name}']}}`

/** The inputs of one task in the IR. */
export const createTaskArguments = (channels: Channels, task: TaskNode) => {
  const inputs = new Map<string, Channel>()

  /** Adds an input that the component does not declare, to be read through a placeholder. */
  const embed = (source: Source): string => {
    if (source.kind === 'text')
      return source.parts.map((part) => (typeof part === 'string' ? part : embed(part))).join('')
    const name = channels.channelName(source, task.parent)
    inputs.set(name, channels.reach(source, task.parent))
    return placeholder(name)
  }

  const withPlaceholders = (value: unknown): Json => {
    const source = sourceOf(value)
    if (source !== undefined) return embed(source)
    if (Array.isArray(value)) return value.map(withPlaceholders)
    if (typeof value !== 'object' || value === null) return value as Json
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withPlaceholders(member)]))
  }

  const constant = (value: unknown): Channel => ({
    kind: 'parameters',
    input: { runtimeValue: { constant: withPlaceholders(value) } },
  })

  for (const [name, given] of Object.entries(task.given)) {
    if ('literal' in given) inputs.set(name, constant(given.literal))
    else if (given.source.kind === 'text')
      inputs.set(name, { kind: 'parameters', input: { runtimeValue: { constant: embed(given.source) } } })
    else inputs.set(name, channels.reach(given.source, task.parent))
  }

  const quantities: Partial<Record<keyof ResourceSettings, string>> = {}
  for (const [name, quantity] of Object.entries(task.settings.resources) as [
    keyof ResourceSettings,
    string | Source,
  ][]) {
    if (typeof quantity === 'string') quantities[name] = quantity
    else {
      const text = embed(quantity)
      quantities[name] = text
      inputs.set(resourceInputs[name], { kind: 'parameters', input: { runtimeValue: { constant: text } } })
    }
  }
  return { inputs, quantities }
}

export type Quantities = ReturnType<typeof createTaskArguments>['quantities']

/** `inputs` of a task of the IR; undefined where there are none. */
export const inputsSpec = (inputs: ReadonlyMap<string, Channel>): JsonObject | undefined => {
  const of = (wanted: Channel['kind']): JsonObject => {
    const found = [...inputs].filter(([, { kind }]) => kind === wanted)
    return found.length === 0 ? {} : { [wanted]: Object.fromEntries(found.map(([name, { input }]) => [name, input])) }
  }
  return inputs.size === 0 ? undefined : { ...of('parameters'), ...of('artifacts') }
}
