import { isChangeOpen, justRecorded } from '../../domain/change.ts'
import type { Decisions } from '../../domain/decisions.ts'
import { Fault } from '../../domain/errors.ts'
import type { Transaction } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import { create } from '../running/transitions.ts'
import { type DecisionPorts, decide, mustBeOperator } from './decision-ports.ts'

const replaySender = 'replay'

/**
 * What happened once is matched again, by today's declarations: a change of its own with the same cause, past the dedupe,
 * written down on both. It stands beside what came since: it supersedes nothing, and is superseded by nothing that is older.
 */
export const createReplay =
  ({ store, now }: DecisionPorts): Decisions['replay'] =>
  (id, person, reason) =>
    decide(async () => {
      mustBeOperator(person, 'have a change matched again')
      const at = now()
      return store.transaction(async (tx) => {
        await tx.lock(`replay ${id}`)
        const change = await tx.get('change', id)
        if (change === undefined)
          throw new Fault('not_found', `There is no change ${id}`, { remedy: 'List them with `winnow changes`.' })
        if (isChangeOpen(change))
          throw new Fault('usage', `Change ${id} has not ended yet, so there is nothing to replay`, {
            remedy: `Look at it with \`winnow changes show ${id}\`.`,
          })
        const before = await tx.list('change', { replayOf: id }, 1_000)
        const { repository, cause, author, bodyDigest, state, lineage } = change
        const why = `replay of change ${id}: ${reason}`
        const replay = {
          repository,
          cause,
          author,
          bodyDigest,
          ...(lineage === undefined ? {} : { lineage }),
          sender: replaySender,
          replayOf: id,
          dedupeKey: `replay:${id}:${at}:${before.length + 1}`,
          receivedAt: at,
          ...justRecorded,
        }
        const made = await create(tx, 'change', replay, why, at, person.name)
        await tx.enqueue('match', made.id)
        const told = `replayed as change ${made.id}: ${reason}`
        await tx.record({ at, kind: 'change', id, from: state, to: state, by: person.name, why: told })
        return { change: made.id }
      })
    })

/** The run of this batch is wanted whatever ran before. */
export const markReplayed = async (tx: Transaction, id: number): Promise<void> => {
  const batch = await tx.get('batch', id)
  if (batch !== undefined && batch.replayed !== true) await tx.update('batch', { ...batch, replayed: true })
}

/** Whether a person wants this run whatever ran before: then an equal one does not do instead. */
export const runsAfresh = async (tx: Transaction, run: Run): Promise<boolean> => {
  if (run.batch !== null) return (await tx.get('batch', run.batch))?.replayed === true
  return (await tx.get('change', run.change))?.replayOf !== undefined
}
