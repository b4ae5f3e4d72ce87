import { type Change, type ChangeOutcome, endChange, isChangeOpen, isSameLine } from '../../domain/change.ts'
import { type Fault, isFault, withRemedy } from '../../domain/errors.ts'
import type { Lineage } from '../../domain/lineage.ts'
import { pauseReason } from '../../domain/pause.ts'
import type { NewRow, Store, Transaction } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import type { DeclarationPorts } from '../declaration/declaration.ts'
import { markReplayed } from '../people/replay-change.ts'
import type { StepFunction } from '../running/step.ts'
import { create, move } from '../running/transitions.ts'
import { pausesOf } from '../runs/pause-gate.ts'
import { matchCommit } from './match-commit.ts'
import { matchData } from './match-data.ts'
import { matchRetrain } from './match-retrain.ts'
import { matchSchedule } from './match-schedule.ts'
import { matchUpstream } from './match-upstream.ts'
import { matchWorsened } from './match-worsened.ts'
import { supersedeOlder } from './supersede.ts'

export interface MatchPorts extends DeclarationPorts {
  readonly store: Store
}

/** What a change comes to. A change that starts runs says why in `reason`; their numbers are added. */
export type Decision =
  | { readonly kind: 'end'; readonly outcome: ChangeOutcome }
  | {
      readonly kind: 'start'
      readonly runs: readonly NewRow<'run'>[]
      readonly reason: string
      readonly refuse?: Refusal
    }
  | {
      readonly kind: 'join'
      /** Puts the change into its batches, in the transaction that ends it. */
      readonly join: (tx: Transaction) => Promise<ChangeOutcome>
      /** The runs that led to the object, where they are known. */
      readonly lineage?: Lineage
    }

/** Why a run is not started after all, asked in the transaction that would start it. */
export type Refusal = (tx: Transaction, run: NewRow<'run'>) => Promise<string | undefined>

/** A recorded change → its one outcome: ignored, invalid, joined to a batch, or started as runs. */
export const createMatchStep =
  (ports: MatchPorts): StepFunction<'change'> =>
  async (change, context) => {
    if (!isChangeOpen(change)) return
    if ((change.nextAt ?? 0) > context.now()) return wait(ports.store, change)
    const decision = await decide(ports, change, context.now(), context.signal).catch(
      async (error: unknown): Promise<Decision> => {
        if (!isFault(error)) throw error
        if (error.retryable) {
          await say(ports.store, change, error, context.now())
          throw error
        }
        const outcome = { state: 'invalid', reason: error.message, faults: error.details } as const
        return { kind: 'end', outcome }
      },
    )
    const ended = await ports.store.transaction((tx) => apply(tx, change, decision, context.now()))
    context.log.info({ change: change.id, outcome: ended.state, reason: ended.reason }, 'change matched')
  }

/** A retrain cools down first. */
const wait = (store: Store, change: Change): Promise<void> =>
  store.transaction(async (tx) => {
    await tx.update('change', change)
    await tx.enqueue('match', change.id, change.nextAt ?? undefined)
  })

/** The runner puts the change off; what it waits for stands in its row, for whoever looks. */
const say = async (store: Store, change: Change, fault: Fault, at: Time): Promise<void> => {
  const reason = withRemedy(fault)
  if (reason === change.reason) return
  await store.transaction(async (tx) => {
    const { id, state } = change
    await tx.update('change', { ...change, reason, faults: fault.details })
    await tx.record({ at, kind: 'change', id, from: state, to: state, by: 'winnow', why: reason })
  })
}

const decide = (ports: MatchPorts, change: Change, at: Time, signal: AbortSignal): Promise<Decision> => {
  const { cause } = change
  switch (cause.kind) {
    case 'push':
    case 'pullRequest':
    case 'release':
    case 'request':
      return matchCommit(ports, change, cause, at, signal)
    case 'data':
      return matchData(ports, change, cause, at, signal)
    case 'retrain':
      return matchRetrain(ports, change, cause, at)
    case 'schedule':
      return matchSchedule(ports, change, cause, at, signal)
    case 'upstream':
      return matchUpstream(ports, change, cause, at, signal)
    case 'drift':
    case 'degraded':
      return matchWorsened(ports, change, cause, at, signal)
  }
}

const apply = async (tx: Transaction, change: Change, decision: Decision, at: Time): Promise<Change> => {
  const outcome = await outcomeOf(tx, change, decision, at)
  const lineage = decision.kind === 'join' && decision.lineage !== undefined ? { lineage: decision.lineage } : {}
  return move(tx, 'change', change, { ...endChange(change, outcome), ...lineage }, outcome.reason, at)
}

const outcomeOf = async (tx: Transaction, change: Change, decision: Decision, at: Time): Promise<ChangeOutcome> => {
  if (decision.kind === 'end') return decision.outcome
  if (decision.kind === 'join') {
    const joined = await decision.join(tx)
    if (change.replayOf !== undefined && joined.state === 'batched')
      for (const batch of joined.batches ?? [joined.batch]) await markReplayed(tx, batch)
    return joined
  }
  const newer = await newerChange(tx, change)
  if (newer !== undefined)
    return { state: 'superseded', reason: `change ${newer.id} is newer and was started before this one` }
  const started: Run[] = []
  const refused: string[] = []
  for (const run of decision.runs) {
    const refusal = await decision.refuse?.(tx, run)
    if (refusal !== undefined) {
      refused.push(refusal)
      continue
    }
    await supersedeOlder(tx, change, run, at)
    const written = await create(tx, 'run', run, decision.reason, at)
    await tx.enqueue('build', written.id)
    started.push(written)
  }
  if (started.length === 0) return { state: 'ignored', reason: refused.join('; ') }
  const names = started.map((run) => `run ${run.id} of ${run.pipeline}`).join(', ')
  return { state: 'started', reason: `${decision.reason}: ${names}${await waitingFor(tx, started, at)}` }
}

/** Pauses that the runs wait for; they are matched all the same, so that newer ones can take their places. */
const waitingFor = async (tx: Transaction, runs: readonly Run[], at: Time): Promise<string> => {
  const paused = await pausesOf(tx, [...new Set(runs.map(({ repository }) => repository))], at)
  const pauses = runs.filter(({ mode }) => mode === 'run').flatMap((run) => paused(run) ?? [])
  return [...new Set(pauses.map(pauseReason))].map((reason) => `; ${reason}`).join('')
}

/** Jobs may come out of order: an older push must not start after a newer one of its branch did. */
const newerChange = async (tx: Transaction, change: Change): Promise<Change | undefined> => {
  if (change.replayOf !== undefined) return undefined
  const started = await tx.list('change', { repository: change.repository, state: 'started' }, 50)
  return started.find(
    (other) => other.id > change.id && other.replayOf === undefined && isSameLine(other.cause, change.cause),
  )
}
