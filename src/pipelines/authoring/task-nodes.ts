import type { ExitHandlerNode, TaskNode } from './program.ts'

// What an author holds is a task or an exit with its settings; the node behind it is ours.
const tasks = new WeakMap<object, TaskNode>()
const exits = new WeakMap<object, ExitHandlerNode>()

const lookUp = <N>(nodes: WeakMap<object, N>, value: unknown): N | undefined =>
  typeof value === 'object' && value !== null ? nodes.get(value) : undefined

export const taskNodeOf = (value: unknown): TaskNode | undefined => lookUp(tasks, value)
export const exitNodeOf = (value: unknown): ExitHandlerNode | undefined => lookUp(exits, value)

export const bindTask = (task: object, node: TaskNode): void => void tasks.set(task, node)
export const bindExit = (exit: object, node: ExitHandlerNode): void => void exits.set(exit, node)
