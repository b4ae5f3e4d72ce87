import type { Change, ChangeCause } from '../../domain/change.ts'
import type { Time } from '../../domain/time.ts'
import { untouched } from '../runs/new-run.ts'
import type { Decision, MatchPorts } from './match.ts'

type RetrainCause = Extract<ChangeCause, { kind: 'retrain' }>

/** Another attempt of a refused run: its commit and data, one more attempt, parameters as the policy changed them. */
export const matchRetrain = async (
  { store }: MatchPorts,
  change: Change,
  cause: RetrainCause,
  at: Time,
): Promise<Decision> => {
  const refused = await store.get('run', cause.run)
  if (refused === undefined)
    return { kind: 'end', outcome: { state: 'ignored', reason: `there is no run ${cause.run} to try again` } }
  const { id: _id, version: _version, ...row } = refused
  return {
    kind: 'start',
    reason: `attempt ${cause.attempt} after run ${refused.id} was refused`,
    runs: [
      {
        ...row,
        change: change.id,
        parameters: cause.parameters ?? row.parameters,
        // Past those that its job ids have used up; the cause counts the retrains.
        attempt: Math.max(cause.attempt, refused.attempt + 1),
        ...untouched(at),
      },
    ],
  }
}
