import type { RetryPolicy, TaskPath } from './execution.ts'
import type { PipelineTask } from './ir.ts'
import type { Draft, Node } from './job-state.ts'
import { durationMs } from './values.ts'

/** What a task says of trying again; without a policy it is tried once. */
export const retryPolicyOf = (policy: PipelineTask['retryPolicy']): RetryPolicy => ({
  maxRetries: policy?.maxRetryCount ?? 0,
  backoffMs: durationMs(policy?.backoffDuration) ?? 0,
  factor: policy?.backoffFactor ?? 2,
  maxBackoffMs: durationMs(policy?.backoffMaxDuration) ?? 3_600_000,
})

/** The pause before the next try, in milliseconds, after so many failed ones. */
export const retryDelayMs = ({ backoffMs, factor, maxBackoffMs }: RetryPolicy, failures: number): number =>
  Math.min(maxBackoffMs, backoffMs * factor ** (failures - 1))

/** Where the members of a DAG lie: `root.train.fit`, and `root.train~2.fit` when the whole DAG is tried again. */
export const memberPath = (group: Node, name: string): TaskPath =>
  group.tries > 1 ? `${group.path}~${group.tries}.${name}` : `${group.path}.${name}`

export const hasTriesLeft = (node: Node): boolean =>
  node.kind === 'dag' && node.task !== null && node.tries <= retryPolicyOf(node.task.retryPolicy).maxRetries

/** Whether a failure in a node may be made good by a DAG around it that is tried again. */
export const mayBeRetried = (draft: Draft, node: Node): boolean => {
  for (
    let at: Node | undefined = node;
    at !== undefined;
    at = at.parent === null ? undefined : draft.nodes.get(at.parent)
  )
    if (hasTriesLeft(at)) return true
  return false
}
