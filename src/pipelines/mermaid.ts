import { allTasks, type GraphTask, type PipelineGraph } from './graph.ts'
import { originText } from './graph-origins.ts'

/**
 * A Mermaid flowchart: groups as subgraphs, artifacts as thick edges, parameters as thin ones, order alone as
 * dotted ones. Edges lead from the task that makes a value to the one that reads it, across groups.
 */
export const mermaid = (graph: PipelineGraph): string => {
  const tasks = allTasks(graph.tasks)
  const ids = new Map(tasks.map(({ path }, at) => [path, `t${at + 1}`]))
  const lines = ['flowchart TD', ...graph.tasks.flatMap((task) => node(task, ids, '  '))]
  return `${[...lines, ...tasks.flatMap((task) => edges(task, ids))].join('\n')}\n`
}

type Ids = ReadonlyMap<string, string>

/** Mermaid reads `#34;` as a quotation mark; the other signs would end the label, or be taken for markup. */
const label = (text: string): string =>
  `"${text.replace(/\s+/g, ' ').replace(/["<>#&`\\]/g, (sign) => `#${sign.charCodeAt(0)};`)}"`

const node = (task: GraphTask, ids: Ids, indent: string): readonly string[] => {
  const id = ids.get(task.path)
  if (task.group === null) {
    const guard = task.condition === null ? '' : ` (if ${task.condition})`
    const [open, close] = task.kind === 'container' ? ['[', ']'] : ['([', '])']
    return [`${indent}${id}${open}${label(`${task.name}${guard}`)}${close}`]
  }
  const inside = task.tasks.flatMap((inner) => node(inner, ids, `${indent}  `))
  return [`${indent}subgraph ${id} [${label(groupLabel(task))}]`, ...inside, `${indent}end`]
}

const groupLabel = ({ group, name, condition, loop }: GraphTask): string => {
  if (group === 'condition') return `if ${condition}`
  if (group === 'loop') return `for each ${loop?.items === 'artifacts' ? 'artifact' : 'item'} of ${loop?.over}`
  return name
}

/** True where a task of the group takes something from the task beside it, or from what that one holds. */
const readsInside = (group: GraphTask, name: string): boolean => {
  const producer = `${group.path.slice(0, group.path.length - group.name.length)}${name}`
  return allTasks(group.tasks).some(({ group: inner, inputs }) =>
    inner !== null
      ? false
      : inputs.some(({ from }) =>
          from.some(
            (origin) => origin.kind === 'task' && (origin.task === producer || origin.task.startsWith(`${producer}/`)),
          ),
        ),
  )
}

const edges = (task: GraphTask, ids: Ids): readonly string[] => {
  const id = ids.get(task.path)
  const beside = (name: string): string | undefined => {
    const parent = task.path.slice(0, task.path.length - task.name.length)
    return ids.get(`${parent}${name}`)
  }
  // A group reads nothing itself: its tasks do, and the edges lead to them. What only its condition or its list reads
  // is an edge to the group.
  const after = task.group === null ? task.after : task.needs.filter((name) => !readsInside(task, name))
  const order = after.map((name) => `  ${beside(name)} -.-> ${id}`)
  if (task.group !== null) return order
  const flows = task.inputs.flatMap(({ name, kind, from }) =>
    from.flatMap((origin) => {
      const producer = origin.kind === 'task' || origin.kind === 'status' ? ids.get(origin.task) : undefined
      if (producer === undefined) return []
      const text = origin.kind === 'status' ? originText(origin) : name
      return [`  ${producer} ${kind === 'artifact' ? '==>' : '-->'}|${label(text)}| ${id}`]
    }),
  )
  return [...new Set([...flows, ...order])]
}
