import type { TaskPath } from '../../../pipelines/execution.ts'
import { advance } from '../../../pipelines/interpreter.ts'
import type { Step } from '../../../pipelines/job-state.ts'
import type { JournalRecord } from './journal.ts'

type EventRecord = Extract<JournalRecord, { kind: 'event' }>

/** Whether the journal's last word is an end. */
export const hasEnded = (records: readonly JournalRecord[]): boolean =>
  records.findLast(({ kind }) => kind === 'end' || kind === 'again')?.kind === 'end'

/** `root.train~2.fit` is the second try of `root.train.fit`. */
const withoutTries = (path: TaskPath): TaskPath => path.replace(/~\d+/g, '')

/** Whether a DAG around the failed task was tried again afterwards: then it is not that failure that the job failed by. */
const wasOvercome = (path: TaskPath, later: readonly EventRecord[]): boolean =>
  later.some(({ event }) => event.kind === 'resumed' && withoutTries(path).startsWith(`${withoutTries(event.path)}.`))

const failedAfterAll = (path: TaskPath, { effects }: Step): boolean =>
  effects.some((effect) => effect.kind === 'group' && effect.path === path && effect.state === 'failed')

/** The events that hold: what succeeded, as far as it does not hang on a failure that is now made good. */
const holdingEvents = (events: readonly EventRecord[], begun: Step): ReadonlySet<EventRecord> => {
  const holding = new Set<EventRecord>()
  let { state } = begun
  for (const [at, record] of events.entries()) {
    const { event } = record
    if (event.kind === 'cancel' || event.kind === 'cancelled') continue
    const step = advance(state, event)
    // It belongs to a task that now waits for another one: an exit task, or one that was told of the failure.
    if (step.state === state) continue
    const failed = event.kind === 'failed' || failedAfterAll(event.path, step)
    if (failed && !wasOvercome(event.path, events.slice(at + 1))) continue
    holding.add(record)
    state = step.state
  }
  return holding
}

const withoutFailures = (records: readonly JournalRecord[], begun: Step): JournalRecord[] => {
  const holding = holdingEvents(
    records.filter((record) => record.kind === 'event'),
    begun,
  )
  const paths = new Set([...holding].map(({ event }) => (event.kind === 'cancel' ? '' : event.path)))
  return records.filter(
    (record) =>
      record.kind === 'job' ||
      (record.kind === 'event' && holding.has(record)) ||
      ((record.kind === 'attempt' || record.kind === 'retry') && paths.has(record.path)),
  )
}

/**
 * The records that a job goes on from, after it was begun again (`again`) any number of times: tasks that succeeded
 * have done so for good, those that failed or were cancelled have not run, and neither has what came after them.
 * `begin` gives the job's first step.
 */
export const standingRecords = (records: readonly JournalRecord[], begin: () => Step): readonly JournalRecord[] => {
  let standing: JournalRecord[] = []
  for (const record of records) {
    if (record.kind === 'again') standing = withoutFailures(standing, begin())
    else standing.push(record)
  }
  return standing
}

/** How often each task was tried, whether or not that still counts: folders of attempts are never used twice. */
export const attemptsOf = (records: readonly JournalRecord[]): ReadonlyMap<TaskPath, number> => {
  const attempts = new Map<TaskPath, number>()
  for (const record of records) if (record.kind === 'attempt') attempts.set(record.path, record.attempt)
  return attempts
}
