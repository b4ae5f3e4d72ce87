import { type Change, type ChangeOutcome, endChange, isChangeOpen, isSameLine } from '../domain/change.ts'
import { isFault } from '../domain/errors.ts'
import type { NewRow, Store, Transaction } from '../domain/ports.ts'
import { nextRun, type Run } from '../domain/run.ts'
import type { Time } from '../domain/time.ts'
import type { DeclarationPorts } from './declaration.ts'
import { matchCommit } from './match-commit.ts'
import { matchData } from './match-data.ts'
import { matchRetrain } from './match-retrain.ts'
import type { StepFunction } from './step.ts'
import { create, move } from './transitions.ts'

export interface MatchPorts extends DeclarationPorts {
  readonly store: Store
}

/** What a change comes to. A change that starts runs says why in `reason`; their numbers are added. */
export type Decision =
  | { readonly kind: 'end'; readonly outcome: ChangeOutcome }
  | { readonly kind: 'start'; readonly runs: readonly NewRow<'run'>[]; readonly reason: string }
  | {
      readonly kind: 'join'
      /** Puts the change into its batch, in the transaction that ends it. */
      readonly join: (tx: Transaction) => Promise<{ readonly batch: number; readonly reason: string }>
    }

/** A recorded change → its one outcome: ignored, invalid, joined to a batch, or started as runs. */
export const createMatchStep =
  (ports: MatchPorts): StepFunction<'change'> =>
  async (change, context) => {
    if (!isChangeOpen(change)) return
    if ((change.nextAt ?? 0) > context.now()) return wait(ports.store, change)
    const decision = await decide(ports, change, context.now(), context.signal).catch((error: unknown): Decision => {
      if (!isFault(error) || error.retryable) throw error
      const outcome = { state: 'invalid', reason: error.message, faults: error.details } as const
      return { kind: 'end', outcome }
    })
    const ended = await ports.store.transaction((tx) => apply(tx, change, decision, context.now()))
    context.log.info({ change: change.id, outcome: ended.state, reason: ended.reason }, 'change matched')
  }

/** A retrain cools down first. */
const wait = (store: Store, change: Change): Promise<void> =>
  store.transaction(async (tx) => {
    await tx.update('change', change)
    await tx.enqueue('match', change.id, change.nextAt ?? undefined)
  })

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
  }
}

const apply = async (tx: Transaction, change: Change, decision: Decision, at: Time): Promise<Change> => {
  const outcome = await outcomeOf(tx, change, decision, at)
  return move(tx, 'change', change, endChange(change, outcome), outcome.reason, at)
}

const outcomeOf = async (tx: Transaction, change: Change, decision: Decision, at: Time): Promise<ChangeOutcome> => {
  if (decision.kind === 'end') return decision.outcome
  if (decision.kind === 'join') return { state: 'batched', ...(await decision.join(tx)) }
  const newer = await newerChange(tx, change)
  if (newer !== undefined)
    return { state: 'superseded', reason: `change ${newer.id} is newer and was started before this one` }
  const started: Run[] = []
  for (const run of decision.runs) {
    await supersedeOlder(tx, change, run, at)
    const written = await create(tx, 'run', run, decision.reason, at)
    await tx.enqueue('build', written.id)
    started.push(written)
  }
  const names = started.map((run) => `run ${run.id} of ${run.pipeline}`).join(', ')
  return { state: 'started', reason: `${decision.reason}: ${names}` }
}

/** Jobs may come out of order: an older push must not start after a newer one of its branch did. */
const newerChange = async (tx: Transaction, change: Change): Promise<Change | undefined> => {
  const started = await tx.list('change', { repository: change.repository, state: 'started' }, 50)
  return started.find((other) => other.id > change.id && isSameLine(other.cause, change.cause))
}

/** Runs of older changes of the same branch that nobody has built yet are not worth a build any more. */
const supersedeOlder = async (tx: Transaction, change: Change, run: NewRow<'run'>, at: Time): Promise<void> => {
  const { repository, pipeline } = run
  for (const older of await tx.list('run', { repository, pipeline, state: 'wanted' })) {
    const cause = (await tx.get('change', older.change))?.cause
    if (older.change >= change.id || cause === undefined || !isSameLine(cause, change.cause)) continue
    const reason = `change ${change.id} is newer`
    const superseded = nextRun(older, { kind: 'superseded', reason, at })
    if (superseded !== undefined) await move(tx, 'run', older, superseded, reason, at)
  }
}
