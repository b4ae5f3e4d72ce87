import type { Json } from '../domain/json.ts'
import { type Draft, memberNode, type Node, type NodeState } from './job-state.ts'

const words: Readonly<Record<NodeState, string>> = {
  waiting: 'PENDING',
  running: 'RUNNING',
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
  skipped: 'SKIPPED',
  notTriggered: 'NOT_TRIGGERED',
}

// google.rpc.Code: CANCELLED and FAILED_PRECONDITION, as Vertex AI reports them.
const codes: Readonly<Partial<Record<NodeState, number>>> = { cancelled: 1, failed: 9, notTriggered: 9 }

/** What an exit task learns of the task it guards (kfp's PipelineTaskFinalStatus). */
export const finalStatus = (draft: Draft, group: Node, producer: string): Json => {
  const node = memberNode(draft, group, producer)
  const code = node === undefined ? undefined : codes[node.state]
  return {
    state: words[node?.state ?? 'notTriggered'],
    pipelineJobResourceName: draft.context.resourceName,
    pipelineTaskName: producer,
    error:
      code === undefined
        ? {}
        : {
            code,
            message: node?.cause === null || node === undefined ? '' : `${node.cause.path}: ${node.cause.error}`,
          },
  }
}
