import type { Transaction } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Duration, Time } from '../../domain/time.ts'
import { takeTurns } from '../../domain/turn.ts'
import type { Bounds } from '../running/bounds.ts'
import { pausesOf } from './pause-gate.ts'

export interface TurnPorts {
  readonly bounds: Bounds
  /** How many runs a target may execute at once; undefined: as many as come. */
  readonly targetLimit: (target: string) => number | undefined
}

/** Runs that are counted as under way; more than that there are not. */
const mostUnderWay = 5_000
/** Runs whose turn is looked at, the oldest first. One behind them is looked at with them, for itself. */
const mostWaiting = 500
/** How soon a run that waits is looked at again, should nobody wake it, and how much later for each that is before it. */
const firstLook: Duration = 60_000
const laterLook: Duration = 2_000
const lastLook: Duration = 3_600_000

/**
 * Why a built run is not launched now, in the transaction that would launch it; undefined where it is its turn. Turns are
 * taken one transaction after another, so that two workers never take the same.
 */
export const whyNotYet = async (
  tx: Transaction,
  ports: TurnPorts,
  run: Run,
  at: Time,
): Promise<{ readonly reason: string; readonly nextAt: Time } | undefined> => {
  const { repository, pipeline } = run
  const siblings = await tx.list('run', { repository, pipeline, state: 'built' }, 2)
  if (siblings.length < 2 && limitsOf(ports, run).length === 0) return undefined
  await tx.lock(turnstile)
  const { turns, waiting } = await readTurns(tx, ports, at, run)
  const turn = turns.get(run.id)
  if (turn === undefined) return undefined
  // Whose turn it is instead may not know of it yet.
  await wake(tx, waiting, turns, at, run)
  const ahead = waiting.filter((other) => other.id < run.id).length
  return { reason: turn.reason, nextAt: at + Math.min(lastLook, firstLook + ahead * laterLook) }
}

/** A run that is about to end sets free its place: whose turn it is then is told, in the same transaction. */
export const passTurn = async (tx: Transaction, ports: TurnPorts, at: Time): Promise<void> => {
  const [any] = await tx.list('run', { state: 'built' }, 1)
  if (any === undefined) return
  const { turns, waiting } = await readTurns(tx, ports, at)
  await wake(tx, waiting, turns, at)
}

/** Taken before rows are written: all who take or pass turns come one after another. */
export const lockTurns = (tx: Transaction): Promise<void> => tx.lock(turnstile)

const turnstile = 'whose turn it is to launch'

const limitsOf = ({ bounds, targetLimit }: TurnPorts, { concurrency, repository, target }: Run): readonly number[] =>
  [concurrency ?? undefined, bounds(repository)?.concurrency, targetLimit(target)].filter(
    (limit): limit is number => limit !== undefined,
  )

const readTurns = async (tx: Transaction, { bounds, targetLimit }: TurnPorts, at: Time, also?: Run) => {
  const underWay = await tx.list('run', { state: ['launching', 'running'] }, mostUnderWay)
  const oldest = await tx.list('run', { state: 'built', mode: 'run' }, mostWaiting, 'oldest')
  const paused = await pausesOf(tx, [...new Set(oldest.map(({ repository }) => repository))], at)
  const waiting = oldest.filter((run) => !run.cancelRequested && !run.keptBack && paused(run) === undefined)
  if (also !== undefined && !waiting.some(({ id }) => id === also.id)) waiting.push(also)
  const limits = { ofRepository: (name: string) => bounds(name)?.concurrency, ofTarget: targetLimit }
  return { waiting, turns: takeTurns(underWay, waiting, limits) }
}

const wake = async (
  tx: Transaction,
  waiting: readonly Run[],
  turns: ReturnType<typeof takeTurns>,
  at: Time,
  but?: Run,
): Promise<void> => {
  for (const run of waiting) {
    if (run.id === but?.id || turns.get(run.id) !== undefined || (run.nextAt ?? 0) <= at) continue
    await tx.update('run', { ...run, nextAt: at })
    await tx.enqueue('launch', run.id)
  }
}
