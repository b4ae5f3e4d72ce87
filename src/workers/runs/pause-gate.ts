import { type Pause, pauseOf, pauseReason } from '../../domain/pause.ts'
import type { Reading, Store, Transaction } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import type { StepContext } from '../running/step.ts'

type Paused = Pick<Run, 'repository' | 'pipeline'>

/** A repository has one pause for itself and one for each of its pipelines. */
const mostPauses = 1_000
/** Runs that a pause may have gathered. */
const mostRuns = 10_000

/** What each run of these repositories waits for, if it does. */
export const pausesOf = async (
  store: Reading,
  repositories: readonly string[],
  at: Time,
): Promise<(run: Paused) => Pause | undefined> => {
  const pauses = await store.list('pause', { repository: repositories, state: 'paused' }, mostPauses)
  return ({ repository, pipeline }) =>
    pauseOf(
      pauses.filter((pause) => pause.repository === repository),
      pipeline,
      at,
    )
}

/** Lets a run of a paused pipeline wait for the pause's end, and says so; false where it may go on. */
export const waitsForPause = async (store: Store, run: Run, context: StepContext): Promise<boolean> => {
  const at = context.now()
  const first = await pausesOf(store, [run.repository], at)
  if (first(run) === undefined) return false
  return store.transaction((tx) => waitInPause(tx, run, at))
}

/** The same in a transaction that goes on with the run where it may: no pause comes in between. */
export const waitInPause = async (tx: Transaction, run: Run, at: Time): Promise<boolean> => {
  // Whoever ends the pause wakes those who wait by then.
  await lockPauses(tx, run.repository)
  const pause = (await pausesOf(tx, [run.repository], at))(run)
  if (pause === undefined) return false
  await tx.update('run', { ...run, reason: pauseReason(pause), nextAt: pause.until })
  return true
}

export const lockPauses = (tx: Transaction, repository: string): Promise<void> => tx.lock(`pauses of ${repository}`)

/** The runs that a pause kept waiting look again at once. */
export const wakePaused = async (
  tx: Transaction,
  { repository, pipeline, until }: Pick<Pause, 'repository' | 'pipeline' | 'until'>,
  at: Time,
): Promise<number> => {
  const state = ['wanted', 'built'] as const
  const where = pipeline === null ? { repository, state } : { repository, pipeline, state }
  const since = Math.min(until, at)
  const waiting = (await tx.list('run', where, mostRuns, 'oldest')).filter(({ nextAt }) => (nextAt ?? 0) >= since)
  for (const run of waiting) {
    await tx.update('run', { ...run, reason: '', nextAt: at })
    await tx.enqueue(run.state === 'wanted' ? 'build' : 'launch', run.id)
  }
  return waiting.length
}
