import { beginDag } from './begin.ts'
import { planDag } from './dag-plan.ts'
import { dagOutputs, loopOutputs } from './group-outputs.ts'
import { type Draft, isDraining, memberNode, type Node, noOutputs, updateNode } from './job-state.ts'
import { continueLoop } from './loops.ts'
import { hasTriesLeft, mayBeRetried, retryDelayMs, retryPolicyOf } from './retry.ts'

const failureText = (node: Node): string | null =>
  node.cause === null
    ? null
    : node.cause.path === node.path
      ? node.cause.error
      : `${node.cause.path}: ${node.cause.error}`

/** A DAG that failed and has tries left waits for the next one. */
const pauseDag = (draft: Draft, node: Node): void => {
  const failures = node.tries
  updateNode(draft, node, { pausing: true })
  draft.effects.push({
    kind: 'group',
    path: node.path,
    name: node.name,
    state: 'running',
    error: `Try ${failures} failed: ${failureText(node)}`,
    retry: { failures, afterMs: retryDelayMs(retryPolicyOf(node.task?.retryPolicy), failures) },
  })
}

/** The next try of a DAG, unless nothing new may begin by now. */
export const resumeDag = (draft: Draft, node: Node): void => {
  if (isDraining(draft)) {
    updateNode(draft, node, { pausing: false, halted: draft.cancelling })
    draft.todo.push({ what: 'settle', path: node.path })
    return
  }
  const fresh = { pausing: false, tries: node.tries + 1, cause: null, halted: false }
  beginDag(draft, updateNode(draft, node, fresh), node.component.dag ?? {})
}

/** Whatever pauses before another try is not tried again. */
export const endPauses = (draft: Draft): void => {
  for (const node of draft.nodes.values()) if (node.pausing) resumeDag(draft, node)
}

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
  if (state === 'failed' && !mayBeRetried(draft, node)) draft.failure ??= cause
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
    const dependant = memberNode(draft, group, name)
    if (dependant === undefined) continue
    const waiting = updateNode(draft, dependant, { waiting: dependant.waiting - 1 }).waiting
    if (waiting === 0) draft.todo.push({ what: 'decide', path: dependant.path })
  }
  if (next.open === 0) draft.todo.push({ what: 'settle', path: group.path })
}

/** A task has ended, or all members of a group have: its group is told, and whoever waited for it is decided next. */
export const settleNode = (draft: Draft, node: Node): void => {
  if (node.state === 'running' && node.cause !== null && hasTriesLeft(node) && !isDraining(draft)) {
    pauseDag(draft, node)
    return
  }
  const ended = node.state === 'running' && node.kind !== 'task' ? endGroup(draft, node) : node
  const group = ended.parent === null ? undefined : draft.nodes.get(ended.parent)
  if (group !== undefined) tellGroup(draft, group, ended)
}
