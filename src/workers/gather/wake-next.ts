import type { Transaction } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import { runsUnderWay } from './overlap.ts'

/** Runs by data of a pipeline go one after another: with the end of one, whichever is the first then looks again at once. */
export const wakeNext = async (tx: Transaction, ended: Run, at: Time): Promise<void> => {
  if (ended.batch === null) return
  const [next] = await runsUnderWay(tx, ended)
  if (next?.state !== 'built' || !next.keptBack || (next.nextAt ?? 0) <= at) return
  await tx.update('run', { ...next, nextAt: at })
  await tx.enqueue('launch', next.id)
}
