import type { JsonObject } from '../src/domain/json.ts'

export const shapes = ['chain', 'wide', 'mixed', 'loop'] as const
export type Shape = (typeof shapes)[number]

const nothing = { executorLabel: 'nothing', outputDefinitions: { parameters: { o: { parameterType: 'STRING' } } } }

const specOf = (tasks: JsonObject, components: JsonObject): JsonObject => ({
  pipelineInfo: { name: 'large' },
  schemaVersion: '2.1.0',
  root: { dag: { tasks } },
  components: { nothing, ...components },
  deploymentSpec: { executors: { nothing: { container: { image: 'nothing', command: ['true'] } } } },
})

const needsOf = (shape: Shape, i: number): readonly number[] => {
  if (i === 0) return []
  if (shape === 'chain') return [i - 1]
  // Ten layers deep in steps of three: every third task waits for two before it.
  if (shape === 'mixed') return i % 3 === 0 ? [i - 1, Math.max(0, i - 7)] : [Math.max(0, i - 10)]
  return [0]
}

/** A pipeline of `size` tasks that do nothing. */
export const largeSpec = (shape: Shape, size: number): JsonObject => {
  const leaf = { componentRef: { name: 'nothing' } }
  if (shape === 'loop') {
    const raw = JSON.stringify(Array.from({ length: size }, (_, i) => i))
    return specOf({ each: { ...leaf, parameterIterator: { itemInput: 'x', items: { raw } } } }, {})
  }
  const tasks = Array.from({ length: size }, (_, i): [string, JsonObject] => [
    `t${i}`,
    { ...leaf, dependentTasks: needsOf(shape, i).map((need) => `t${need}`) },
  ])
  return specOf(Object.fromEntries(tasks), {})
}

/** A pipeline of pipelines: `depth` levels, each with 50 tasks in a chain and the next level after them. */
export const deepSpec = (depth: number): JsonObject => {
  const level = (at: number): JsonObject => ({
    ...(largeSpec('chain', 50)['root'] as { dag: { tasks: JsonObject } }).dag.tasks,
    ...(at < depth ? { below: { componentRef: { name: `level${at + 1}` }, dependentTasks: ['t49'] } } : {}),
  })
  const levels = Array.from({ length: depth - 1 }, (_, i): [string, JsonObject] => [
    `level${i + 2}`,
    { dag: { tasks: level(i + 2) } },
  ])
  return specOf(level(1), Object.fromEntries(levels))
}
