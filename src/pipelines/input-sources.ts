import type { Json } from '../domain/json.ts'
import { enclosingInput, loopItemOutput } from './enclosing-inputs.ts'
import type { RuntimeArtifact, TaskOutputs } from './execution.ts'
import { finalStatus } from './final-status.ts'
import type { RuntimeValue, TaskArtifactInput, TaskParameterInput } from './ir.ts'
import { type Draft, memberNode, type Node } from './job-state.ts'
import { suggestName } from './suggest-name.ts'

/**
 * Why an input has no value: `lost` with a skipped branch, `unwritten` by its producer, `absent` (it is optional around
 * the task), or `unset` there though it is not.
 */
export interface Missing {
  readonly why: string
  readonly how: 'lost' | 'unwritten' | 'absent' | 'unset'
}
export type Found<T> = { readonly value: T } | ({ readonly value?: undefined } & Missing)

const outputOf = <K extends keyof TaskOutputs>(
  draft: Draft,
  group: Node,
  kind: K,
  producer: string,
  output: string,
): Found<TaskOutputs[K][string]> => {
  const node = memberNode(draft, group, producer)
  const outputs = node?.outputs[kind]
  if (outputs !== undefined && Object.hasOwn(outputs, output)) {
    const value = outputs[output] as TaskOutputs[K][string] | undefined
    if (value !== undefined) return { value }
  }
  const lost = node?.state === 'skipped' ? `"${producer}" was skipped` : node?.lost[output]
  if (lost !== undefined) return { why: lost, how: 'lost' }
  const left = node?.state === 'succeeded' ? 'left it unwritten' : 'did not succeed'
  return { why: `task "${producer}" should make its output "${output}" but ${left}`, how: 'unwritten' }
}

/** The JSON of a runtime value of either schema; undefined where it only names a parameter. */
export const constantOf = (value: RuntimeValue): Json | undefined => {
  if (value.constantValue === undefined) return value.constant
  const { stringValue, intValue, doubleValue } = value.constantValue
  return stringValue ?? (intValue === undefined ? doubleValue : Number(intValue))
}

/** The value that a task's parameter input names, before selectors, placeholders and types. */
export const findParameter = (draft: Draft, group: Node, input: TaskParameterInput): Found<Json> => {
  if (input.taskOutputParameter !== undefined) {
    const { producerTask, outputParameterKey } = input.taskOutputParameter
    const found = outputOf(draft, group, 'parameters', producerTask, outputParameterKey)
    const isItem =
      found.value === undefined && found.how === 'unwritten' && loopItemOutput(outputParameterKey) !== undefined
    return isItem ? { ...found, how: 'unset' } : found
  }
  if (input.taskFinalStatus !== undefined) {
    return { value: finalStatus(draft, group, input.taskFinalStatus.producerTask) }
  }
  const constant = input.runtimeValue === undefined ? undefined : constantOf(input.runtimeValue)
  if (constant !== undefined) return { value: constant }
  const name = input.componentInputParameter ?? input.runtimeValue?.runtimeParameter
  if (name === undefined) return { why: 'it says no source', how: 'absent' }
  const value = enclosingInput(draft, group, name)
  if (value !== undefined) return { value }
  const definitions = group.component.inputDefinitions?.parameters ?? {}
  const isDeclared = Object.hasOwn(definitions, name)
  const meant = isDeclared ? '' : suggestName(name, Object.keys(definitions))
  const isOptional = isDeclared && definitions[name]?.isOptional === true
  return { why: `the input "${name}" around it was given no value${meant}`, how: isOptional ? 'absent' : 'unset' }
}

export const findArtifacts = (
  draft: Draft,
  group: Node,
  input: TaskArtifactInput,
): Found<readonly RuntimeArtifact[]> => {
  if (input.taskOutputArtifact !== undefined) {
    const { producerTask, outputArtifactKey } = input.taskOutputArtifact
    return outputOf(draft, group, 'artifacts', producerTask, outputArtifactKey)
  }
  const name = input.componentInputArtifact ?? ''
  const value = Object.hasOwn(group.inputs.artifacts, name) ? group.inputs.artifacts[name] : undefined
  return value === undefined ? { why: `the input "${name}" around it was given no value`, how: 'absent' } : { value }
}
