import type { Duration, Time } from '../time.ts'
import type { RowKind, Step } from './store.ts'

/** A row that waits for its step. */
export interface DueRow {
  readonly id: number
  readonly version: number
  readonly state: string
  /** Whose work it is. */
  readonly lane: string
}

/** A step that a committed transaction asked for and that the queue has not been given yet. */
export interface OutboxEntry {
  readonly sequence: number
  readonly job: Job
  /** When to do it; null for at once. */
  readonly at: Time | null
  /** Whose work it is. */
  readonly lane: string
}

/** A row whose step met a fault that no repetition can mend: it rests until it is written, or Winnow starts again. */
export interface ParkedRow {
  readonly kind: RowKind
  readonly id: number
  readonly message: string
}

/**
 * What the runner, the relay and the reconciler need of the store besides. A claim is named by the version that `claim`
 * returned; each of these does nothing, and says so, once the claim was lost.
 */
export interface WorkLedger {
  /** Ends a claim without writing the row. */
  unclaim(kind: RowKind, id: number, version: number): Promise<boolean>
  /**
   * Ends a claim whose step failed for a reason that may pass: counts the failures in a row, sets `nextAt` (and
   * `failures`, for rows that have it) and puts the step into the outbox for then.
   */
  postpone(
    step: Step,
    id: number,
    version: number,
    at: (failures: number) => Time,
  ): Promise<{ readonly failures: number; readonly at: Time } | undefined>
  /** Ends a claim with the message for a person; history says it too. The row is not due any more. */
  park(kind: RowKind, id: number, version: number, message: string): Promise<boolean>
  parked(): Promise<readonly ParkedRow[]>
  /** Parked rows are due again; the number of them. For a start: what was wrong may have been mended. */
  unparkAll(): Promise<number>
  /** Ends all claims. Only where no other process can hold one, as over an embedded store. */
  voidLeases(): Promise<number>
  /**
   * Rows in these states that nobody works on, untouched since `before`, whose `nextAt` has come, oldest first; `skip`
   * leaves out so many.
   */
  due(kind: RowKind, states: readonly string[], before: Time, limit: number, skip?: number): Promise<readonly DueRow[]>
  /** The first entry of each lane, then the second of each, and so on. */
  outbox(limit: number): Promise<readonly OutboxEntry[]>
  removeFromOutbox(sequences: readonly number[]): Promise<void>
  /** Calls back after each transaction of this process that left outbox entries; returns how to stop that. */
  onEnqueued(listener: () => void): () => void
}

/** A job says which row at which version; the worker reads the rest from the store. */
export interface Job {
  readonly step: Step
  readonly id: number
  readonly version: number
}

/** The queue is a hint: losing it costs time, never a change. `add` with the same job is one job while it lives. */
export interface Queue {
  /** Jobs with a smaller `turn` are done first, and those without one before them all. */
  add(job: Job, delay: Duration, turn?: number): Promise<void>
  /** The turn of the job that comes next; 0 where none with a turn waits. */
  front(): Promise<number>
  /** Starts handing jobs to `handle`; a handler that throws is logged, and the reconciler brings its row back. */
  work(handle: (job: Job, signal: AbortSignal) => Promise<void>, concurrency: number): Promise<void>
  /** Stops taking jobs and waits for those under way. */
  close(): Promise<void>
}
