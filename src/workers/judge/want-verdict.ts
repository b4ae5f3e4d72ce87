import type { Transaction } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import { create } from '../running/transitions.ts'

/** Asks for a verdict on a run that has succeeded or stands for one that has. A pipeline without a model or a policy gets none. */
export const wantVerdict = async (tx: Transaction, run: Run, at: Time): Promise<boolean> => {
  if (run.model === null || run.policy === null) return false
  const row = { run: run.id, state: 'pending', receipt: null, createdAt: at, judgedAt: null } as const
  const verdict = await create(tx, 'verdict', row, `run ${run.id} is to be judged by ${run.policy}`, at)
  await tx.enqueue('judge', verdict.id)
  return true
}
