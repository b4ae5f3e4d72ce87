import { isFault } from '../domain/errors.ts'
import { planDag } from './dag-plan.ts'
import type { Component, Dag, PipelineTask } from './ir.ts'
import { type Draft, type Node, newNode, updateNode } from './job-state.ts'
import type { PlaceholderScope } from './placeholders.ts'
import { readyTask } from './ready-task.ts'
import { mayBeRetried, memberPath } from './retry.ts'

/** Notes that a task failed. The job's failure it is only where nothing around it is tried again. */
export const noteFailure = (draft: Draft, node: Node, error: string): void => {
  const cause = { path: node.path, error }
  if (!mayBeRetried(draft, node)) draft.failure ??= cause
  updateNode(draft, node, { state: 'failed', cause })
}

/** A task that fails before anything of it ran. */
export const failNode = (draft: Draft, node: Node, error: string): void => {
  noteFailure(draft, node, error)
  draft.effects.push({ kind: 'group', path: node.path, name: node.name, state: 'failed', error })
  draft.todo.push({ what: 'settle', path: node.path })
}

export const skipNode = (draft: Draft, node: Node, state: 'skipped' | 'notTriggered', reason: string): void => {
  updateNode(draft, node, { state })
  draft.effects.push({ kind: 'skip', path: node.path, name: node.name, state, reason })
  draft.todo.push({ what: 'settle', path: node.path })
}

const componentOf = (draft: Draft, task: PipelineTask): Component =>
  draft.spec.components?.[task.componentRef.name] ?? {}

const addMembers = (draft: Draft, group: Node, dag: Dag): number => {
  const plan = planDag(dag)
  for (const [name, task] of plan.tasks) {
    const waiting = plan.needs.get(name)?.length ?? 0
    const path = memberPath(group, name)
    const component = componentOf(draft, task)
    draft.nodes.set(
      path,
      newNode({ path, name, parent: group.path, task, componentName: task.componentRef.name, component, waiting }),
    )
    if (waiting === 0) draft.todo.push({ what: 'decide', path })
  }
  return plan.tasks.size
}

/** Begins a DAG whose inputs are known: its tasks come to be, and those that wait for nothing are decided next. */
export const beginDag = (draft: Draft, node: Node, dag: Dag): void => {
  const open = addMembers(draft, node, dag)
  updateNode(draft, node, { kind: 'dag', state: 'running', open })
  if (node.parent !== null) {
    draft.effects.push({ kind: 'group', path: node.path, name: node.name, state: 'running', error: null })
  }
  if (open === 0) draft.todo.push({ what: 'settle', path: node.path })
}

/** Begins what a node's component is: a DAG, or an executor for the engine. The node's inputs are resolved. */
export const beginComponent = (draft: Draft, node: Node, task: PipelineTask, scope: PlaceholderScope): void => {
  if (node.component.dag !== undefined) {
    beginDag(draft, node, node.component.dag)
    return
  }
  try {
    const ready = readyTask(draft, node, task, scope)
    updateNode(draft, node, { state: 'running', inputs: ready.inputs })
    draft.effects.push({ kind: 'start', task: ready })
  } catch (fault) {
    if (!isFault(fault)) throw fault
    failNode(draft, node, fault.message)
  }
}
