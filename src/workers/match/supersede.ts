import { type Change, isSameLine, supersedeChange } from '../../domain/change.ts'
import type { NewRow, Transaction } from '../../domain/ports/store.ts'
import { nextRun } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import { move } from '../running/transitions.ts'

/** More of a line do not wait: each one that came made those before it give way. */
const most = 1_000

/** Runs of older changes of the same line that nobody has launched yet are not worth it any more, nor are those changes. */
export const supersedeOlder = async (
  tx: Transaction,
  change: Change,
  { repository, pipeline }: NewRow<'run'>,
  at: Time,
): Promise<void> => {
  // A person wants it beside what came since, not in its place.
  if (change.replayOf !== undefined) return
  const waiting = await tx.list('run', { repository, pipeline, state: ['wanted', 'built'] }, most)
  const changes = await tx.list('change', { id: [...new Set(waiting.map((run) => run.change))] }, most)
  const older = changes.filter((other) => other.id < change.id && isSameLine(other.cause, change.cause))
  for (const run of waiting) {
    if (!older.some(({ id }) => id === run.change)) continue
    const reason = `change ${change.id} is newer`
    const superseded = nextRun(run, { kind: 'superseded', reason, at })
    if (superseded !== undefined) await move(tx, 'run', run, superseded, reason, at)
  }
  for (const one of older) await supersedeWith(tx, one, change, at)
}

/** Of a change with several runs, one may have been launched: that one it has started. */
const supersedeWith = async (tx: Transaction, older: Change, newer: Change, at: Time): Promise<void> => {
  const runs = await tx.list('run', { change: older.id }, most)
  if (runs.some(({ state }) => state !== 'superseded')) return
  const reason = `superseded by change ${newer.id} before anything was launched`
  const superseded = supersedeChange(older, reason)
  if (superseded !== undefined) await move(tx, 'change', older, superseded, reason, at)
}
