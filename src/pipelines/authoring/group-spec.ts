import type { JsonObject } from '../../domain/json.ts'
import type { GroupOutput } from './channels.ts'
import { definitionOf } from './interface-spec.ts'
import type { ValueType } from './types.ts'

/** Input or output definitions of a group. */
export const definitionsOf = (types: Iterable<readonly [string, ValueType]>): JsonObject | undefined => {
  const found = { parameters: {}, artifacts: {} } as Record<'parameters' | 'artifacts', Record<string, JsonObject>>
  for (const [name, type] of types) {
    const { description: _, ...bare } = type
    const { kind, definition } = definitionOf(bare as ValueType)
    found[kind][name] = definition
  }
  const filled = Object.entries(found).filter(([, members]) => Object.keys(members).length > 0)
  return filled.length === 0 ? undefined : Object.fromEntries(filled)
}

const selectorSpec = ({ type, selectors, oneOf }: GroupOutput): JsonObject => {
  const key = definitionOf(type).kind === 'artifacts' ? 'outputArtifactKey' : 'outputParameterKey'
  const made = selectors.map((selector) => ({ producerSubtask: selector.producer, [key]: selector.key }))
  if (key === 'outputArtifactKey') return { artifactSelectors: made }
  return oneOf ? { valueFromOneof: { parameterSelectors: made } } : { valueFromParameter: made[0] as JsonObject }
}

/** `outputs` of a DAG. */
export const outputsSpec = (outputs: ReadonlyMap<string, GroupOutput>): JsonObject => {
  const of = (kind: 'parameters' | 'artifacts'): JsonObject => {
    const found = [...outputs].filter(([, { type }]) => definitionOf(type).kind === kind)
    return found.length === 0
      ? {}
      : { [kind]: Object.fromEntries(found.map(([name, output]) => [name, selectorSpec(output)])) }
  }
  return outputs.size === 0 ? {} : { outputs: { ...of('parameters'), ...of('artifacts') } }
}

export const dependentTasks = (names: Iterable<string>): JsonObject => {
  const sorted = [...new Set(names)].sort()
  return sorted.length === 0 ? {} : { dependentTasks: sorted }
}
