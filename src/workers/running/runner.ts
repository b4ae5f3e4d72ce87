import { setTimeout as pause } from 'node:timers/promises'
import { Fault, messageOf } from '../../domain/errors.ts'
import { nextStep } from '../../domain/next-step.ts'
import { type RowKind, type Rows, StaleRow, type Step, type Store, steps } from '../../domain/ports/store.ts'
import type { Job, Queue, WorkLedger } from '../../domain/ports/work.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'
import { backoff } from './backoff.ts'
import type { StepContext, StepFunction, StepRow } from './step.ts'

/** A step as the runner takes it: what it does, and what a fault that no repetition can mend means for its row. */
export type RunnableStep<K extends RowKind> = StepFunction<K> & {
  readonly onFault?: (row: Rows[K], fault: Fault, context: StepContext) => Promise<void>
}

export type Steps = { readonly [S in Step]: RunnableStep<StepRow<S>> }

export interface RunnerPorts {
  readonly store: Pick<Store & WorkLedger, 'get' | 'claim' | 'extend' | 'unclaim' | 'postpone' | 'park'>
  readonly queue: Pick<Queue, 'add'>
  readonly steps: Steps
  readonly now: () => Time
  readonly log: Log
  /** How long a claim holds without a sign of life, in milliseconds: how long a crash of one of several processes costs. */
  readonly lease?: Duration
}

export interface Runner {
  /** Does what a job asks for, if the row is still there for it. Rejects only where the store cannot be reached. */
  readonly handle: (job: Job, signal: AbortSignal) => Promise<void>
}

/** How long to wait for the step before to let go of its row: it has committed, and only says goodbye. Milliseconds. */
const handover = [5, 20, 50, 100, 250]

/**
 * Steps whose rows others write to all the time: whoever joins a batch. A job for one version would be outrun by the next
 * object again and again, so where the row is due it is done as it stands.
 */
const joined: ReadonlySet<Step> = new Set(['gather'])

/** Between two tries of a step that others got in the way of: never a busy loop. Milliseconds. */
const breath: Duration = 100

/**
 * Runs the steps. A job is done by whoever claims its row at its version; for anybody else there is nothing to do, and
 * that is a success. A retryable fault puts the row off, longer each time; any other goes to the step's `onFault`, or
 * parks the row with the message until somebody writes it or Winnow starts again.
 */
export const createRunner = (ports: RunnerPorts): Runner => {
  const { store, queue, now, lease = 30_000 } = ports

  const claim = async <K extends RowKind>(kind: K, { step, id, version }: Job): Promise<Rows[K] | undefined> => {
    let wanted = version
    for (const wait of [...handover, undefined]) {
      const row = await store.claim(kind, id, wanted, now() + lease)
      if (row || wait === undefined) return row
      const stands = await store.get(kind, id)
      if (stands === undefined) return undefined
      if (stands.version !== wanted) {
        if (!joined.has(step) || nextStep(kind, stands.state) !== step || (nextAtOf(stands) ?? 0) > now())
          return undefined
        wanted = stands.version
      }
      await pause(wait)
    }
    return undefined
  }

  /** Whoever wrote the row while this step ran may have asked for work that found the row taken: asked for again here. */
  const askAgain = async (kind: RowKind, id: number): Promise<void> => {
    const row = await store.get(kind, id)
    const step = row && nextStep(kind, row.state)
    if (row && step) await queue.add({ step, id, version: row.version }, Math.max(breath, (nextAtOf(row) ?? 0) - now()))
  }

  const settle = async (job: Job, version: number, error: unknown, signal: AbortSignal, log: Log): Promise<void> => {
    const { step, id } = job
    const kind = steps[step]
    if (error === undefined || error instanceof StaleRow || signal.aborted) {
      await store.unclaim(kind, id, version)
      if (error instanceof StaleRow) await askAgain(kind, id)
      return
    }
    if (error instanceof Fault && error.retryable) {
      const put = await store.postpone(step, id, version, (failures) => now() + backoff(failures))
      if (put) log.warn({ error, failures: put.failures, nextAt: put.at }, 'a step failed and will be tried again')
      return
    }
    log.error({ error }, 'a step failed for good, its row is parked')
    const remedy = error instanceof Fault && error.remedy !== undefined ? ` ${error.remedy}` : ''
    await store.park(kind, id, version, `${step}: ${messageOf(error)}.${remedy}`)
  }

  const handle = async (job: Job, signal: AbortSignal): Promise<void> => {
    const { step, id } = job
    const kind: RowKind = steps[step]
    const row = await claim(kind, job)
    if (!row) return
    const log = ports.log.child({ step, [kind]: id })
    const lost = new AbortController()
    const heartbeat = setInterval(() => {
      store.extend(kind, id, row.version, now() + lease).then(
        (held) => held || lost.abort(new StaleRow(`the claim of ${kind} ${id} was lost`)),
        (error: unknown) => log.warn({ error }, 'a claim could not be prolonged'),
      )
    }, lease / 3)
    const context: StepContext = { now, signal: AbortSignal.any([signal, lost.signal]), log }
    try {
      const error = await attempt(ports.steps[step] as RunnableStep<RowKind>, row, context, () => store.get(kind, id))
      await settle(job, row.version, error, context.signal, log)
    } finally {
      clearInterval(heartbeat)
    }
  }

  return { handle }
}

/** Runs a step; what it could not cope with comes back. `onFault` is given the row as the step left it. */
const attempt = async <K extends RowKind>(
  step: RunnableStep<K>,
  row: Rows[K],
  context: StepContext,
  readAgain: () => Promise<Rows[K] | undefined>,
): Promise<unknown> => {
  try {
    await step(row, context)
    return undefined
  } catch (error) {
    const own = error instanceof Fault && !error.retryable && !context.signal.aborted ? step.onFault : undefined
    if (!own) return error
    try {
      await own((await readAgain()) ?? row, error as Fault, context)
      return undefined
    } catch (second) {
      return second
    }
  }
}

const nextAtOf = (row: object): Time | null => ('nextAt' in row && typeof row.nextAt === 'number' ? row.nextAt : null)
