import type { Json } from '../domain/json.ts'
import type { RuntimeArtifact, TaskOutputs } from './execution.ts'
import type { Dag } from './ir.ts'
import { type Draft, memberNode, type Node } from './job-state.ts'

interface GroupOutputs {
  readonly outputs: TaskOutputs
  readonly lost: Readonly<Record<string, string>>
}

const lossOf = (node: Node | undefined, output: string): string | undefined =>
  node === undefined ? undefined : node.state === 'skipped' ? `"${node.name}" was skipped` : node.lost[output]

const parameterSelectors = (output: NonNullable<NonNullable<Dag['outputs']>['parameters']>[string]) =>
  output.valueFromOneof?.parameterSelectors ??
  (output.valueFromParameter === undefined ? [] : [output.valueFromParameter])

/**
 * The outputs of a DAG from those of its tasks. Of several selectors the first that has a value counts (OneOf), but all
 * where a list of artifacts is declared. Values stay as their tasks made them: kfp declares an int that a loop further out
 * collects as LIST already here. What only skipped tasks would have made is lost, not an error.
 */
export const dagOutputs = (draft: Draft, node: Node, dag: Dag): GroupOutputs => {
  const parameters: Record<string, Json> = {}
  const artifacts: Record<string, readonly RuntimeArtifact[]> = {}
  const lost: Record<string, string> = {}
  for (const [name, output] of Object.entries(dag.outputs?.parameters ?? {})) {
    for (const { producerSubtask, outputParameterKey } of parameterSelectors(output)) {
      const producer = memberNode(draft, node, producerSubtask)
      const value = producer?.outputs.parameters[outputParameterKey]
      const loss = lossOf(producer, outputParameterKey)
      if (value !== undefined) {
        parameters[name] = value
        break
      }
      if (loss !== undefined) lost[name] ??= loss
    }
  }
  for (const [name, { artifactSelectors }] of Object.entries(dag.outputs?.artifacts ?? {})) {
    const all = node.component.outputDefinitions?.artifacts?.[name]?.isArtifactList === true
    for (const { producerSubtask, outputArtifactKey } of artifactSelectors) {
      const producer = memberNode(draft, node, producerSubtask)
      const value = producer?.outputs.artifacts[outputArtifactKey]
      const loss = lossOf(producer, outputArtifactKey)
      if (value !== undefined) {
        artifacts[name] = [...(artifacts[name] ?? []), ...value]
        if (!all) break
      }
      if (loss !== undefined) lost[name] ??= loss
    }
  }
  for (const name of [...Object.keys(parameters), ...Object.keys(artifacts)]) delete lost[name]
  return { outputs: { parameters, artifacts }, lost }
}

/**
 * The outputs of a loop: for each output of its component the values of its turns, in their order. A turn that skipped
 * the branch which makes a value adds none.
 */
export const loopOutputs = (draft: Draft, node: Node): GroupOutputs => {
  const turns = node.loop?.items.values.map((_, index) => draft.nodes.get(`${node.path}[${index}]`)) ?? []
  const { parameters = {}, artifacts = {} } = node.component.outputDefinitions ?? {}
  return {
    outputs: {
      parameters: Object.fromEntries(
        Object.keys(parameters).map((name) => [
          name,
          turns.flatMap((turn) => {
            const value = turn?.outputs.parameters[name]
            return value === undefined ? [] : [value]
          }),
        ]),
      ),
      artifacts: Object.fromEntries(
        Object.keys(artifacts).map((name) => [name, turns.flatMap((turn) => turn?.outputs.artifacts[name] ?? [])]),
      ),
    },
    lost: {},
  }
}
