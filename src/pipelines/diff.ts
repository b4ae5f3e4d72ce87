import { digestJson } from '../domain/digest.ts'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { type GraphTask, pipelineGraph } from './graph.ts'
import { originText } from './graph-origins.ts'
import type { PipelineSpec } from './ir.ts'
import { lineDiff } from './line-diff.ts'
import { matchTasks, type TaskPair } from './match-tasks.ts'
import { taskFields } from './task-fields.ts'

/** A compiled pipeline, and what it asks of platforms beyond it. */
export interface Compared {
  readonly spec: PipelineSpec
  readonly platformSpec: JsonObject | null
}

export interface PipelineChange {
  readonly kind: 'added' | 'removed' | 'renamed' | 'changed'
  /** A task by its path, or the pipeline itself. */
  readonly task: string | null
  /** Of the pipeline or the task: `image`, `input x`, `parameter budget`, `waits for`; null for the task as a whole. */
  readonly what: string | null
  readonly before: string | null
  readonly after: string | null
  /** Where the texts have several lines: which of them differ. */
  readonly lines: readonly string[]
}

const change = (kind: PipelineChange['kind'], more: Partial<PipelineChange>): PipelineChange => ({
  kind,
  task: null,
  what: null,
  before: null,
  after: null,
  lines: [],
  ...more,
})

/** What changed from one pipeline to the other; empty where both are the same to the byte, whatever the order of keys. */
export const diffPipelines = (before: Compared, after: Compared): readonly PipelineChange[] => {
  if (sameJson(before, after)) return []
  const graphs = { before: pipelineGraph(before.spec), after: pipelineGraph(after.spec) }
  const pairs = matchTasks(graphs.before.tasks, graphs.after.tasks, { before: before.spec, after: after.spec })
  const renamed = new Map(
    pairs.flatMap(({ before: a, after: b }) => (a !== null && b !== null ? [[a.path, b.path] as const] : [])),
  )
  const nameBefore = (path: string): string => renamed.get(path) ?? path
  const changes = [
    ...fieldChanges(
      null,
      pipelineFields(before, nameBefore),
      pipelineFields(after, (path) => path),
    ),
    ...pairs.flatMap((pair) => taskChanges(pair, before, after, nameBefore)),
  ]
  if (changes.length > 0) return changes
  return jsonPaths(before as unknown as Json, after as unknown as Json, [])
    .slice(0, mostPaths)
    .map(([path, from, to]) => change(kindOf(from, to), { what: path.join('.'), before: from, after: to }))
}

const mostPaths = 5

const sameJson = (a: unknown, b: unknown): boolean => digestJson(a as Json) === digestJson(b as Json)

const taskChanges = (
  { before: a, after: b }: TaskPair,
  before: Compared,
  after: Compared,
  nameBefore: (path: string) => string,
): readonly PipelineChange[] => {
  if (a === null || b === null) {
    const task = (a ?? b) as GraphTask
    const kind = a === null ? 'added' : 'removed'
    // What is in a group comes and goes with it.
    return [change(kind, { task: task.path, [a === null ? 'after' : 'before']: task.image ?? task.group ?? task.kind })]
  }
  const fields = fieldChanges(
    b.path,
    taskFields(a, before.spec, before.platformSpec, nameBefore),
    taskFields(b, after.spec, after.platformSpec, (path) => path),
  )
  return a.name === b.name ? fields : [change('renamed', { task: b.path, before: a.path, after: b.path }), ...fields]
}

const kindOf = (before: string | null, after: string | null): 'added' | 'removed' | 'changed' =>
  before === null ? 'added' : after === null ? 'removed' : 'changed'

const fieldChanges = (
  task: string | null,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly PipelineChange[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((what) => {
    const from = Object.hasOwn(before, what) ? (before[what] as string) : null
    const to = Object.hasOwn(after, what) ? (after[what] as string) : null
    if (from === to) return []
    const long = [from, to].some((text) => text?.includes('\n'))
    const lines = long ? lineDiff(from?.split('\n') ?? [], to?.split('\n') ?? []) : []
    return [change(kindOf(from, to), { task, what, before: from, after: to, lines })]
  })

const pipelineFields = (
  { spec, platformSpec }: Compared,
  nameOf: (path: string) => string,
): Readonly<Record<string, string>> => {
  const graph = pipelineGraph(spec)
  const { pipelineInfo, root: _root, components: _components, deploymentSpec: _deployment, ...top } = spec
  const fields: Record<string, string> = {}
  for (const [key, value] of Object.entries(pipelineInfo)) fields[key] = String(value)
  for (const [key, value] of Object.entries(top))
    fields[key] = typeof value === 'string' ? value : JSON.stringify(value)
  for (const { name, kind, type, required, default: value } of graph.inputs)
    fields[`${kind} ${name}`] =
      `${type} ${required ? 'required' : value === null ? 'optional' : `= ${JSON.stringify(value)}`}`
  for (const { name, origins } of graph.outputs)
    fields[`output ${name}`] = origins.map((origin) => originText(origin, nameOf)).join(' or ')
  for (const [platform, config] of Object.entries(objectOf(platformSpec?.['platforms']))) {
    const { deploymentSpec: _, ...rest } = objectOf(config)
    for (const [key, value] of Object.entries(rest)) fields[`${platform} ${key}`] = JSON.stringify(value)
  }
  return fields
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {})

type Difference = readonly [path: readonly string[], before: string | null, after: string | null]

/** Where two JSON values differ: for what no name of ours covers. */
const jsonPaths = (
  before: Json | undefined,
  after: Json | undefined,
  path: readonly string[],
): readonly Difference[] => {
  if (isJsonObject(before) && isJsonObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...keys].flatMap((key) => jsonPaths(before[key], after[key], [...path, key]))
  }
  if (sameJson(before ?? null, after ?? null)) return []
  const text = (value: Json | undefined): string | null => (value === undefined ? null : JSON.stringify(value))
  return [[path, text(before), text(after)]]
}
