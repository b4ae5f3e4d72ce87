import { planDag } from './dag-plan.ts'
import { dagOutputs, loopOutputs } from './group-outputs.ts'
import { type Draft, type Node, noOutputs, updateNode } from './job-state.ts'
import { continueLoop } from './loops.ts'

const failureText = (node: Node): string | null =>
  node.cause === null
    ? null
    : node.cause.path === node.path
      ? node.cause.error
      : `${node.cause.path}: ${node.cause.error}`

/** All members of a group have ended: it ends too, with their outputs. */
const endGroup = (draft: Draft, node: Node): Node => {
  const { outputs, lost } =
    node.kind === 'loop'
      ? loopOutputs(draft, node)
      : node.component.dag === undefined
        ? { outputs: noOutputs, lost: {} }
        : dagOutputs(draft, node, node.component.dag)
  const halted = node.halted || (node.parent === null && draft.cancelling)
  const cause = node.cause ?? (halted && !draft.cancelling ? draft.failure : null)
  const state = halted && draft.cancelling ? 'cancelled' : cause !== null ? 'failed' : 'succeeded'
  const ended = updateNode(draft, node, { state, cause, outputs, lost })
  const error = failureText(ended)
  if (node.parent === null) {
    draft.ended = true
    draft.effects.push({ kind: 'end', state, outputs, error })
  } else draft.effects.push({ kind: 'group', path: node.path, name: node.name, state, error })
  return ended
}

const tellGroup = (draft: Draft, group: Node, node: Node): void => {
  const failed = node.state === 'failed' || (node.state === 'cancelled' && !draft.cancelling)
  const next = updateNode(draft, group, {
    open: group.open - 1,
    halted: group.halted || node.state === 'cancelled' || node.state === 'notTriggered',
    cause: group.cause ?? (failed ? (node.cause ?? { path: node.path, error: 'It was cancelled.' }) : null),
  })
  if (group.kind === 'loop') {
    continueLoop(draft, group.path)
    return
  }
  for (const name of planDag(group.component.dag ?? {}).dependants.get(node.name) ?? []) {
    const dependant = draft.nodes.get(`${group.path}.${name}`)
    if (dependant === undefined) continue
    const waiting = updateNode(draft, dependant, { waiting: dependant.waiting - 1 }).waiting
    if (waiting === 0) draft.todo.push({ what: 'decide', path: dependant.path })
  }
  if (next.open === 0) draft.todo.push({ what: 'settle', path: group.path })
}

/** A task has ended, or all members of a group have: its group is told, and whoever waited for it is decided next. */
export const settleNode = (draft: Draft, node: Node): void => {
  const ended = node.state === 'running' && node.kind !== 'task' ? endGroup(draft, node) : node
  const group = ended.parent === null ? undefined : draft.nodes.get(ended.parent)
  if (group !== undefined) tellGroup(draft, group, ended)
}
