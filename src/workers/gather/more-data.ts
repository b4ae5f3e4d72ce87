import type { Transaction } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import type { Verdict } from '../../domain/verdict.ts'

/** A verdict that asked for more data, and its run. */
export interface Wanting {
  readonly verdict: Verdict
  readonly run: Run
}

/** The runs of a pipeline whose verdicts wait for more data, the oldest first. */
export const wantingMore = async (
  tx: Transaction,
  repository: string,
  pipeline: string,
): Promise<readonly Wanting[]> => {
  const open = (await tx.list('verdict', { state: 'inconclusive' }, 1_000)).filter(
    ({ follows }) => follows?.kind === 'moreData',
  )
  if (open.length === 0) return []
  const runs = await tx.list('run', { id: open.map(({ run }) => run), repository, pipeline }, open.length)
  return runs
    .flatMap((run) => open.filter((verdict) => verdict.run === run.id).map((verdict) => ({ verdict, run })))
    .sort((a, b) => a.run.id - b.run.id)
}

/** They wait no longer: the new run is judged on all of it. */
export const settleWanting = async (
  tx: Transaction,
  wanting: readonly Wanting[],
  run: Run,
  at: Time,
): Promise<void> => {
  for (const { verdict } of wanting) {
    const reason = `more data came: run ${run.id} has its data and the new`
    await tx.update('verdict', { ...verdict, follows: { kind: 'stopped', reason } })
    const { id, state } = verdict
    await tx.record({ at, kind: 'verdict', id, from: state, to: state, by: 'winnow', why: reason })
  }
}
