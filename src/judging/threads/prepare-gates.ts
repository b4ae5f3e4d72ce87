import { availableParallelism } from 'node:os'
import type { Case } from '../../policies/gates/case.ts'
import { type PreparedGate, prepareGate } from '../../policies/gates/judge.ts'
import { lotsOf } from '../../policies/gates/lots.ts'
import { type GatesTask, type PreparedLots, prepareLots } from './prepare-lots.ts'
import { shareCase } from './shared-case.ts'
import { answerOf, startThread } from './thread-program.ts'

/** Fewer examples are judged before another thread has started. */
const manyExamples = 50_000
/** However many processors there are: the rest is for others. */
const mostHelpers = 3

/**
 * Prepares all gates of a policy, in its order. Of many examples this thread does so beside others, one for each further
 * processor: each takes gates as long as there are any, and what comes out is the same, bit for bit, whoever took them.
 * This thread is held meanwhile.
 */
export const prepareGates = async (
  policy: GatesTask['policy'],
  judged: Case,
  helpers = helpersFor(judged),
): Promise<readonly PreparedGate[]> => {
  const lots = lotsOf(policy.gates)
  const wanted = Math.min(helpers, lots.length - 1)
  if (wanted < 1) return policy.gates.map((gate) => prepareGate(gate, judged, policy))
  const task: GatesTask = { policy, shared: shareCase(judged), lots, taken: new Int32Array(new SharedArrayBuffer(4)) }
  const threads = Array.from({ length: wanted }, () => startThread('gates-worker', { workerData: task }))
  try {
    const ownShare = async (): Promise<PreparedLots> => prepareLots(task)
    const prepared = new Map(
      (
        await Promise.all([...threads.map((thread) => answerOf<PreparedLots>(thread, 'prepares gates')), ownShare()])
      ).flat(),
    )
    return policy.gates.map((_, at) => prepared.get(at) as PreparedGate)
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()))
  }
}

const helpersFor = ({ candidate: { answers } }: Case): number =>
  answers === null || answers.predictions.rows < manyExamples ? 0 : Math.min(availableParallelism() - 1, mostHelpers)
