import { beginComponent, failNode, skipNode } from './begin.ts'
import { evaluateCondition } from './conditions.ts'
import { taskNeeds } from './dag-plan.ts'
import type { PipelineTask } from './ir.ts'
import { type Draft, isDraining, memberNode, type Node, updateNode } from './job-state.ts'
import { beginLoop } from './loops.ts'
import { resolveTaskInputs } from './task-inputs.ts'
import { declaredType } from './values.ts'

const words: Readonly<Partial<Record<Node['state'], string>>> = {
  failed: 'failed',
  cancelled: 'was cancelled',
  notTriggered: 'was not triggered',
  skipped: 'was skipped',
}

const isExitTask = (task: PipelineTask, needs: readonly string[]): boolean =>
  task.triggerPolicy?.strategy === 'ALL_UPSTREAM_TASKS_COMPLETED' && needs.length > 0

/** Whether what a task waited for keeps it from running. */
const blocked = (draft: Draft, task: PipelineTask, upstream: readonly Node[], isExit: boolean) => {
  const begun = upstream.some(({ state }) => state !== 'skipped' && state !== 'notTriggered')
  if (isDraining(draft) && !(isExit && begun)) {
    const why = draft.cancelling ? 'the job is being cancelled' : `the job fails fast and ${draft.failure?.path} failed`
    return { state: 'notTriggered', reason: `It was not started: ${why}.` } as const
  }
  if (isExit || task.triggerPolicy?.strategy === 'ALL_UPSTREAM_TASKS_COMPLETED') return undefined
  const failed = upstream.find(({ state }) => state === 'failed' || state === 'cancelled' || state === 'notTriggered')
  const kept = failed ?? upstream.find(({ state }) => state === 'skipped')
  if (kept === undefined) return undefined
  const state = failed === undefined ? 'skipped' : 'notTriggered'
  return { state, reason: `It needs "${kept.name}", which ${words[kept.state]}.` } as const
}

/** A task has nothing more to wait for: it begins, is skipped, is not triggered, or fails. */
export const decideTask = (draft: Draft, node: Node): void => {
  const task = node.task
  const group = node.parent === null ? undefined : draft.nodes.get(node.parent)
  if (task === null || group === undefined || node.state !== 'waiting') return
  const needs = taskNeeds(task)
  const upstream = needs.flatMap((name) => memberNode(draft, group, name) ?? [])
  const block = blocked(draft, task, upstream, isExitTask(task, needs))
  if (block !== undefined) {
    skipNode(draft, node, block.state, block.reason)
    return
  }

  const { inputs, absent, lost, fault, scope } = resolveTaskInputs(draft, group, node, task, node.component)
  if (lost !== null) {
    skipNode(draft, node, 'skipped', `It was skipped: ${lost}.`)
    return
  }
  // Before the condition: an input that should be there and is not would read as null, and so as false.
  if (fault !== null) {
    failNode(draft, node, fault)
    return
  }
  const condition = task.triggerPolicy?.condition
  if (condition !== undefined && condition.trim() !== '') {
    const outcome = evaluateCondition(condition, inputs, absent, (name) =>
      declaredType(node.component.inputDefinitions?.parameters?.[name]),
    )
    if (!outcome.ok) {
      failNode(draft, node, outcome.reason)
      return
    }
    if (!outcome.value) {
      skipNode(draft, node, 'skipped', `Its condition is false: ${condition}`)
      return
    }
  }
  const resolved = updateNode(draft, node, { inputs })
  if (task.parameterIterator !== undefined || task.artifactIterator !== undefined) beginLoop(draft, resolved, task)
  else beginComponent(draft, resolved, task, scope)
}
