import { Fault } from '../domain/errors.ts'
import type { Policy } from '../policies/policy.ts'
import type { CaseToJudge, Judged } from './case-to-judge.ts'

export interface JudgeOptions {
  /** How long one check may take, in milliseconds; 1,000 where that is left out. */
  readonly checkBudget?: number
  readonly signal?: AbortSignal
}

/**
 * Judges a case in a thread of its own, so that the event loop goes on: the same judgement as judge() gives, bit for bit.
 * A check that takes longer than its budget is killed and is inconclusive for that reason. Predictions that cannot be
 * read are a Fault `predictions_invalid`; a thread that ends of itself is one that may be tried again.
 */
export const judgeInThread = async (
  _policy: Pick<Policy, 'gates' | 'seed' | 'resamples'>,
  _toJudge: CaseToJudge,
  { signal }: JudgeOptions = {},
): Promise<Judged> => {
  signal?.throwIfAborted()
  throw new Fault('judging_failed', 'cannot judge yet')
}
