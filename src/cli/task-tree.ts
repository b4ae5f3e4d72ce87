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

/** A task, and why its outputs came from the cache or why it had to run, where that is known. */
type ShownTask = TaskView & { readonly cacheReason?: string | null }

/** The tasks of a run as a tree, one line each; groups (conditions, loops) above what they hold. */
export const taskTree = (tasks: readonly ShownTask[], now: number): readonly string[] => {
  const ids = new Set(tasks.map((task) => task.id))
  const childrenOf = Map.groupBy(tasks, (task) => (task.parent !== null && ids.has(task.parent) ? task.parent : null))
  const lines: string[] = []
  const draw = (parent: string | null, prefix: string): void => {
    const children = childrenOf.get(parent) ?? []
    children.forEach((task, i) => {
      const last = i === children.length - 1
      lines.push(`${paint('gray', prefix + (last ? '└─ ' : '├─ '))}${describe(task, now)}`)
      draw(task.id, `${prefix}${last ? '   ' : '│  '}`)
    })
  }
  draw(null, '')
  return lines
}

const describe = (task: ShownTask, now: number): string => {
  const took = task.startedAt === null ? '' : formatDuration((task.endedAt ?? now) - task.startedAt)
  const error =
    task.state === 'failed' && task.error !== null ? `  ${paint('red', task.error.split('\n', 1)[0] as string)}` : ''
  const state = task.state === 'succeeded' ? '' : `  ${paintState(task.state)}`
  const cache = task.cacheReason ? `  ${paint('gray', task.cacheReason)}` : ''
  return `${marks[task.state]} ${task.name}${state}${took === '' ? '' : `  ${paint('gray', took)}`}${cache}${error}`
}
