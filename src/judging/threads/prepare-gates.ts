import { availableParallelism } from 'node:os'
import type { Case } from '../../policies/gates/case.ts'
import { type PreparedGate, prepareGate } from '../../policies/gates/judge.ts'
import { lotsOf } from '../../policies/gates/lots.ts'
import { type GatesTask, type PreparedLots, prepareLots } from './prepare-lots.ts'
import { shareCase } from './shared-case.ts'
import { doInThread } from './thread-program.ts'

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
  const stop = new AbortController()
  const begin = () => doInThread<PreparedLots>('gates-worker', task, 'prepares gates', stop.signal)
  const ownShare = async (): Promise<PreparedLots> => prepareLots(task)
  try {
    // The others begin first: this thread's own share holds it until there is nothing left to take.
    const helping = Array.from({ length: wanted }, begin)
    const prepared = new Map((await Promise.all([...helping, ownShare()])).flat())
    return policy.gates.map((_, at) => prepared.get(at) as PreparedGate)
  } finally {
    stop.abort()
  }
}

const helpersFor = ({ candidate: { answers } }: Case): number =>
  answers === null || answers.predictions.rows < manyExamples ? 0 : Math.min(availableParallelism() - 1, mostHelpers)
