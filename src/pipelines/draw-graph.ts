import { allTasks, type GraphTask, type PipelineGraph } from './graph.ts'
import { type Origin, originText } from './graph-origins.ts'
import { railPlan } from './rails.ts'

/** A line is drawn in parts; what each is for decides its colour, where there is colour. */
export interface DrawnPart {
  readonly role: 'rail' | 'name' | 'group' | 'detail' | 'artifact' | 'parameter'
  readonly text: string
}
export type DrawnLine = readonly DrawnPart[]

/** So deep that nothing but borders would be left on a terminal of 80 columns. */
const deepest = 12
const mostNames = 5

/**
 * The pipeline as lines of at most `width` columns: tasks from top to bottom in the order in which they can run, the
 * edges as lines beside them, what flows below each, and the tasks of a group within its border.
 */
export const drawGraph = (graph: PipelineGraph, width: number): readonly DrawnLine[] => {
  const heading: DrawnLine[] = [[{ role: 'name', text: graph.name }]]
  if (graph.description !== null) heading.push([{ role: 'detail', text: oneLine(graph.description) }])
  const lines = [
    ...heading,
    ...drawInputs(graph),
    [],
    ...drawTasks(graph.tasks, [], 0, naming(graph)),
    ...(graph.outputs.length === 0 ? [] : [[]]),
    ...graph.outputs.map(
      ({ name, kind, origins }): DrawnLine => [
        { role: kind, text: `${mark(kind)} ` },
        { role: 'detail', text: `${name} ← ${sourceText(origins, false, naming(graph))}` },
      ],
    ),
    [],
    [
      { role: 'artifact', text: '◆' },
      { role: 'detail', text: ' artifact  ' },
      { role: 'parameter', text: '◇' },
      { role: 'detail', text: ' parameter  ↯ order only' },
    ] as const,
  ]
  return lines.map((line) => cut(line, width))
}

type NameOf = (path: string) => string

/** A task is called by its name alone where no other has it, else by its whole path. */
const naming = ({ tasks }: PipelineGraph): NameOf => {
  const byName = Map.groupBy(allTasks(tasks), ({ name }) => name)
  return (path) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return (byName.get(name)?.length ?? 0) > 1 ? path : name
  }
}

const mark = (kind: 'parameter' | 'artifact'): string => (kind === 'artifact' ? '◆' : '◇')
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

const typeWords: Readonly<Record<string, string>> = {
  STRING: 'text',
  NUMBER_INTEGER: 'integer',
  INT: 'integer',
  NUMBER_DOUBLE: 'number',
  DOUBLE: 'number',
  BOOLEAN: 'boolean',
  LIST: 'list',
  STRUCT: 'struct',
}

const drawInputs = ({ inputs }: PipelineGraph): readonly DrawnLine[] => {
  const longest = Math.min(32, Math.max(0, ...inputs.map(({ name }) => name.length)))
  return inputs.map(({ name, kind, type, required, default: fallback }) => {
    const value = required ? 'required' : fallback === null ? 'optional' : `= ${JSON.stringify(fallback)}`
    return [
      { role: kind, text: `  ${mark(kind)} ` },
      { role: 'detail', text: `${name.padEnd(longest)}  ${(typeWords[type] ?? type).padEnd(8)} ${value}` },
    ]
  })
}

const drawTasks = (
  tasks: readonly GraphTask[],
  border: DrawnLine,
  depth: number,
  nameOf: NameOf,
): readonly DrawnLine[] => {
  if (depth > deepest)
    return [[...border, { role: 'detail', text: `… ${count(tasks.length, 'task')}: --format json has them` }]]
  const { nodes, rails } = railPlan(tasks)
  return nodes.flatMap((task, at) => {
    const { row, below } = rails?.[at] ?? { row: '●', below: ' ' }
    const more = (text: DrawnLine): DrawnLine => [...border, { role: 'rail', text: `${below.padEnd(1)} ` }, ...text]
    const details = [...guardLines(task), ...flowLines(task, nameOf), ...orderLines(task, rails === null)].map((line) =>
      more([{ role: 'rail', text: '  ' }, ...line]),
    )
    const inside = drawTasks(
      task.tasks,
      [...border, { role: 'rail', text: `${below.padEnd(1)} ` }, { role: 'group', text: '┆ ' }],
      depth + 1,
      nameOf,
    )
    // Without a row between them, two tasks one below the other would look like two that have nothing to do with each other.
    const joint = details.length === 0 && inside.length === 0 && at < nodes.length - 1 && below.includes('│')
    return [
      [...border, { role: 'rail', text: `${row} ` }, ...titleOf(task)],
      ...details,
      ...inside,
      ...(joint ? [more([])] : []),
    ]
  })
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`

const titleOf = (task: GraphTask): DrawnLine => {
  const remarks = [
    ...(task.always ? ['always'] : []),
    ...(task.retries > 0 ? [`up to ${count(task.retries, 'retry').replace('retrys', 'retries')}`] : []),
    ...(task.kind === 'container' && !task.cache ? ['not cached'] : []),
  ]
  const what = remarks.length === 0 ? whatItIs(task) : `${whatItIs(task)} · ${remarks.join(' · ')}`
  const role = task.group === null ? 'name' : 'group'
  return [
    { role, text: task.group === null ? task.name : groupTitle(task) },
    { role: 'detail', text: `  ${what}` },
  ]
}

const groupTitle = ({ group, name, condition, loop }: GraphTask): string => {
  switch (group) {
    case 'condition':
      return `if ${condition}`
    case 'loop':
      return `for each ${loop?.items === 'artifacts' ? 'artifact' : 'item'} of ${oneLine(loop?.over ?? '')}`
    case 'branches':
      return 'one of'
    case 'exitHandler':
      return 'with an exit task'
    default:
      return name
  }
}

const whatItIs = (task: GraphTask): string => {
  if (task.group === 'pipeline') return 'pipeline'
  if (task.group === 'loop' && task.loop?.parallelism) return `${task.name} · ${task.loop.parallelism} at once`
  if (task.group !== null) return task.name
  if (task.kind !== 'container') return task.kind
  const image = task.image?.replace(/@sha256:([0-9a-f]{8})[0-9a-f]*$/, '@$1') ?? ''
  const short = image.length > 40 ? `…/${image.slice(image.lastIndexOf('/') + 1)}` : image
  return task.function === null ? short : `${task.function}()  ${short}`
}

/** TFX puts conditions on plain tasks. */
const guardLines = ({ group, condition }: GraphTask): readonly DrawnLine[] =>
  group === 'condition' || condition === null ? [] : [[{ role: 'group', text: `if ${condition}` }]]

/** Inputs that come from the same place share a line: `◇ project, location ← gcp_region`. */
const flowLines = (task: GraphTask, nameOf: NameOf): readonly DrawnLine[] => {
  const flows = task.inputs.filter(({ from }) => from.length > 0 && !from.every(({ kind }) => kind === 'constant'))
  // A group only hands on; what its tasks take is told there.
  if (task.group !== null && task.group !== 'pipeline') return []
  const fromTasks = flows.filter(({ from }) => from.some(isTask))
  const others = flows.filter(({ from }) => !from.some(isTask))
  const plain = others.map(({ name, from, composed }) => {
    const text = sourceText(from, composed, nameOf)
    return text === name ? name : `${name} ← ${text}`
  })
  return [
    ...fromTasks.map(
      ({ name, kind, from, composed }): DrawnLine => [
        { role: kind, text: `${mark(kind)} ` },
        { role: 'detail', text: `${name} ← ${sourceText(from, composed, nameOf)}` },
      ],
    ),
    ...inRows(plain).map(
      (row): DrawnLine => [
        { role: 'parameter', text: '◇ ' },
        { role: 'detail', text: row },
      ],
    ),
  ]
}

const sourceText = (from: readonly Origin[], composed: boolean, nameOf: NameOf): string => {
  const shown = from.slice(0, mostNames).map((origin) => originText(origin, nameOf))
  const more = from.length > mostNames ? ` and ${from.length - mostNames} more` : ''
  return `${shown.join(composed ? ' + ' : ' or ')}${more}`
}

const rowLength = 56

const inRows = (texts: readonly string[]): readonly string[] =>
  texts.reduce<string[]>((rows, text) => {
    const last = rows.at(-1)
    if (last !== undefined && last.length + text.length < rowLength) rows[rows.length - 1] = `${last}, ${text}`
    else rows.push(text)
    return rows
  }, [])

const isTask = ({ kind }: Origin): boolean => kind === 'task' || kind === 'status'

/** Order without data; where no lines are drawn, all that a group waits for: its data are told inside. */
const orderLines = ({ after, needs, group }: GraphTask, all: boolean): readonly DrawnLine[] => {
  const names = all && group !== null ? needs : after
  if (names.length === 0) return []
  const shown = names.slice(0, mostNames).join(', ')
  return [
    [
      {
        role: 'detail',
        text: `↯ after ${shown}${names.length > mostNames ? ` and ${names.length - mostNames} more` : ''}`,
      },
    ],
  ]
}

const cut = (line: DrawnLine, width: number): DrawnLine => {
  const parts: DrawnPart[] = []
  let left = width
  // Rails leave blanks at the end of a line.
  const last = line.at(-1)
  if (last !== undefined) line = [...line.slice(0, -1), { ...last, text: last.text.trimEnd() }]
  for (const { role, text } of line) {
    if (text.length > left) {
      parts.push({ role, text: `${text.slice(0, Math.max(0, left - 1))}…` })
      return parts
    }
    left -= text.length
    parts.push({ role, text })
  }
  return parts
}
