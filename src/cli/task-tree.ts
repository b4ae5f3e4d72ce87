import { stripVTControlCharacters } from 'node:util'
import type { TaskState, TaskView } from '../domain/run.ts'
import { formatDuration } from '../domain/time.ts'
import { paint, paintState } from './style.ts'

const marks: Readonly<Record<TaskState, string>> = {
  pending: '·',
  running: '▸',
  succeeded: '✓',
  cached: '✓',
  failed: '✗',
  skipped: '–',
  notTriggered: '–',
  cancelling: '×',
  cancelled: '×',
}

/** A task with what only some targets know of it. */
type ShownTask = TaskView & {
  /** `root.for-loop-1[0].train`: where it is in the pipeline. */
  readonly path?: string
  readonly cacheReason?: string | null
  readonly cacheChanged?: boolean
  /** What it waits for before it begins. */
  readonly doing?: string | null
}

interface Row {
  /** The branches before the task, its mark, name and state. */
  readonly what: string
  readonly took: string
  readonly remark: string
}

/** The tasks of a run as a tree, one line each; groups (conditions, loops, turns) above what they hold. */
export const taskTree = (tasks: readonly ShownTask[], now: number): readonly string[] => {
  const ids = new Set(tasks.map((task) => task.id))
  const childrenOf = Map.groupBy(tasks, (task) => (task.parent !== null && ids.has(task.parent) ? task.parent : null))
  const rows: Row[] = []
  const draw = (parent: string | null, prefix: string): void => {
    const children = childrenOf.get(parent) ?? []
    children.forEach((task, i) => {
      const last = i === children.length - 1
      rows.push(rowOf(task, prefix + (last ? '└─ ' : '├─ '), now))
      draw(task.id, `${prefix}${last ? '   ' : '│  '}`)
    })
  }
  draw(null, '')
  return aligned(rows)
}

/** A turn of a loop bears the loop's name: its number is at the end of its path. */
const nameOf = ({ name, path }: ShownTask): string => name + (/\[\d+\]$/.exec(path ?? '')?.[0] ?? '')

const stateOf = ({ state, doing }: ShownTask): string => {
  if (state === 'succeeded') return ''
  if (state === 'cached') return paint('gray', 'from the cache')
  return doing ? paint('cyan', `${doing} …`) : paintState(state)
}

const remarkOf = (task: ShownTask): string => {
  if (task.state === 'failed' && task.error !== null) return paint('red', task.error.split('\n', 1)[0] as string)
  return task.cacheChanged && task.cacheReason ? paint('gray', task.cacheReason) : ''
}

const rowOf = (task: ShownTask, branches: string, now: number): Row => {
  const state = stateOf(task)
  return {
    what: `${paint('gray', branches)}${marks[task.state]} ${nameOf(task)}${state === '' ? '' : `  ${state}`}`,
    took: task.startedAt === null ? '' : formatDuration((task.endedAt ?? now) - task.startedAt),
    remark: remarkOf(task),
  }
}

const widthOf = (text: string): number => stripVTControlCharacters(text).length

/** The times stand in a column of their own, right-aligned. */
const aligned = (rows: readonly Row[]): readonly string[] => {
  const what = Math.max(0, ...rows.map((row) => widthOf(row.what)))
  const took = Math.max(0, ...rows.map((row) => row.took.length))
  return rows.map((row) => {
    const time = paint('gray', row.took.padStart(took))
    const line = `${row.what}${' '.repeat(what - widthOf(row.what))}  ${time}`
    return row.remark === '' && row.took === '' ? row.what : row.remark === '' ? line : `${line}  ${row.remark}`
  })
}
