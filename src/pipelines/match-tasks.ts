import { digestJson } from '../domain/digest.ts'
import type { Json } from '../domain/json.ts'
import type { GraphTask } from './graph.ts'
import type { PipelineSpec } from './ir.ts'

export interface TaskPair {
  readonly before: GraphTask | null
  readonly after: GraphTask | null
}

/** What a task does, whatever it is called: its executor and interface, or what its tasks do. */
const taskDigest = (task: GraphTask, spec: PipelineSpec): string => {
  const component = spec.components?.[task.component] ?? {}
  const { inputDefinitions = null, outputDefinitions = null, executorLabel = '' } = component
  const executor = spec.deploymentSpec?.executors?.[executorLabel] ?? null
  const inside = task.tasks.map((inner) => taskDigest(inner, spec)).sort()
  const what =
    task.group === null || task.group === 'pipeline' ? { inputDefinitions, outputDefinitions } : { group: task.group }
  return digestJson({ ...what, executor, inside } as unknown as Json)
}

/**
 * Which task of one pipeline is which of the other: by name, and those without a namesake by what they do. kfp numbers its
 * groups from the first to the last, so they are compared by what is in them first. Groups are followed inwards.
 */
export const matchTasks = (
  before: readonly GraphTask[],
  after: readonly GraphTask[],
  specs: { readonly before: PipelineSpec; readonly after: PipelineSpec },
): readonly TaskPair[] => {
  const left = new Set(before)
  const right = new Set(after)
  const digests = new Map<GraphTask, string>([
    ...before.map((task) => [task, taskDigest(task, specs.before)] as const),
    ...after.map((task) => [task, taskDigest(task, specs.after)] as const),
  ])
  const pairs: (TaskPair & { readonly before: GraphTask; readonly after: GraphTask })[] = []
  const pairWhere = (same: (a: GraphTask, b: GraphTask) => boolean): void => {
    for (const a of left) {
      const b = [...right].find((candidate) => same(a, candidate))
      if (b === undefined) continue
      pairs.push({ before: a, after: b })
      left.delete(a)
      right.delete(b)
    }
  }
  const alike = (a: GraphTask, b: GraphTask): boolean => digests.get(a) === digests.get(b)
  pairWhere((a, b) => a.name === b.name && alike(a, b))
  pairWhere((a, b) => isNumbered(a) && a.group === b.group && alike(a, b))
  pairWhere((a, b) => a.name === b.name && (a.group === null) === (b.group === null))
  pairWhere(alike)
  return [
    ...pairs.flatMap((pair) => [pair, ...matchTasks(pair.before.tasks, pair.after.tasks, specs)]),
    ...[...left].map((task) => ({ before: task, after: null })),
    ...[...right].map((task) => ({ before: null, after: task })),
  ]
}

const isNumbered = ({ group }: GraphTask): boolean => group !== null && group !== 'pipeline'
