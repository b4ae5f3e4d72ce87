import type { RowKind, Rows, Step, steps } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'

/** What the runner gives a step beside its row. */
export interface StepContext {
  now(): Time
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * One step of the walk. It is handed a row that it alone owns for now, does the one thing, and writes what came of it
 * with the next step's outbox entry in one transaction; a row whose state does not ask for the step is left as it is.
 * It throws a Fault: a retryable one is tried again later by the runner.
 */
export type StepFunction<K extends RowKind> = (row: Rows[K], context: StepContext) => Promise<void>

/** The row kind that a step acts on. */
export type StepRow<S extends Step> = (typeof steps)[S]
