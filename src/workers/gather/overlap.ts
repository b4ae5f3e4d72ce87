import { type Batch, type DataObject, isOlder, type Overlap } from '../../domain/batch.ts'
import type { Reading, Transaction } from '../../domain/ports/store.ts'
import { nextRun, type Run, type RunState } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import { move } from '../running/transitions.ts'

const underWay: readonly RunState[] = ['wanted', 'built', 'launching', 'running']

/** The runs by data of a pipeline that have not ended, the oldest first. */
export const runsUnderWay = async (
  reading: Reading,
  { repository, pipeline }: Pick<Run, 'repository' | 'pipeline'>,
): Promise<readonly Run[]> =>
  (await reading.list('run', { repository, pipeline, state: underWay }, 1_000))
    .filter(({ batch }) => batch !== null)
    .reverse()

/** The run that one by data waits for: of one pipeline they go one after another. */
export const runBefore = async (reading: Reading, run: Run): Promise<Run | undefined> =>
  run.batch === null ? undefined : (await runsUnderWay(reading, run)).find(({ id }) => id < run.id)

/**
 * The runs whose data the run of a batch takes over, by the rule of its trigger: of the same key, because other keys
 * are other data. Runs that somebody cancelled, and attempts that a verdict asked for, are let be.
 */
export const overtaken = async (tx: Transaction, batch: Batch, overlap: Overlap): Promise<readonly Run[]> => {
  if (overlap === 'queue') return []
  const found: Run[] = []
  for (const run of await runsUnderWay(tx, batch)) {
    const launched = run.state === 'launching' || run.state === 'running'
    if (run.cancelRequested || (launched && overlap !== 'cancel')) continue
    const theirs = await tx.get('batch', run.batch as number)
    if (theirs?.run === run.id && theirs.key === batch.key) found.push(run)
  }
  return found
}

/** They end: one that waited is superseded, one that was launched is cancelled. */
export const giveOver = async (tx: Transaction, runs: readonly Run[], to: Run, at: Time): Promise<void> => {
  for (const run of runs) {
    const reason = `run ${to.id} reads its data and newer`
    const given = { ...run, givenTo: to.id }
    const superseded = nextRun(given, { kind: 'superseded', reason, at })
    if (superseded !== undefined) {
      await move(tx, 'run', run, superseded, reason, at)
      continue
    }
    await tx.update('run', { ...given, cancelRequested: true, reason, nextAt: at })
    const why = `cancel requested: ${reason}`
    await tx.record({ at, kind: 'run', id: run.id, from: run.state, to: run.state, by: 'winnow', why })
    await tx.enqueue(run.state === 'running' ? 'watch' : 'launch', run.id)
  }
}

/** All objects once, of each the newest: of two that cannot be compared the one that is named last. */
export const newestOf = (objects: readonly DataObject[]): readonly DataObject[] => {
  const byUri = new Map<string, DataObject>()
  for (const object of objects) {
    const held = byUri.get(object.uri)
    if (held === undefined || !isOlder(object, held)) byUri.set(object.uri, object)
  }
  return [...byUri.values()]
}
