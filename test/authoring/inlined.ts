import type { Json, JsonObject } from '../../src/domain/json.ts'
import { isJsonObject } from '../../src/domain/json.ts'

const object = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {})

/** A function travels as its source, which differs between languages: only its settings are compared. */
const withoutSource = (executor: JsonObject): JsonObject => {
  const container = object(executor['container'])
  const args = container['args']
  if (!Array.isArray(args) || args[0] !== '--executor_input' || args[2] !== '--function_to_execute') return executor
  const { command: _, args: __, image: ___, ...settings } = container
  return { container: { function: true, ...settings } }
}

/**
 * A spec without names that carry no meaning: each task holds its component, each component its executor. Names of tasks,
 * inputs and outputs stay, since conditions and placeholders read them.
 */
export const inlined = (spec: JsonObject): JsonObject => {
  const components = object(spec['components'])
  const executors = object(object(spec['deploymentSpec'])['executors'])
  const inlineTask = (task: JsonObject): JsonObject => {
    const { componentRef, ...rest } = task
    return { ...rest, component: inline(object(components[String(object(componentRef)['name'])])) }
  }
  const inline = (component: JsonObject): JsonObject => {
    const { executorLabel, dag, ...rest } = component
    const executor =
      executorLabel === undefined ? {} : { executor: withoutSource(object(executors[String(executorLabel)])) }
    if (!isJsonObject(dag)) return { ...rest, ...executor }
    const tasks = Object.entries(object(dag['tasks'])).map(([name, task]) => [name, inlineTask(object(task))])
    return { ...rest, dag: { ...dag, tasks: Object.fromEntries(tasks) } }
  }
  const { components: _, deploymentSpec: __, root, ...rest } = spec
  return { ...rest, root: inline(object(root)) }
}
