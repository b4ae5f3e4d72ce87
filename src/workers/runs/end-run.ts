import type { Transaction } from '../../domain/ports/store.ts'
import { nextRun, type Run, type RunEvent } from '../../domain/run.ts'
import type { Time } from '../../domain/time.ts'
import { wakeNext } from '../gather/wake-next.ts'
import { move } from '../running/transitions.ts'
import { lockTurns, passTurn, type TurnPorts } from './launch-turn.ts'

/** Ends a run that may have been under way, and tells whose turn it is then. Undefined where it has ended already. */
export const endRun = async (
  tx: Transaction,
  ports: TurnPorts,
  run: Run,
  event: Extract<RunEvent, { kind: 'ended' | 'reuse' }>,
  at: Time,
): Promise<Run | undefined> => {
  const ended = nextRun(run, event)
  if (ended === undefined) return undefined
  await lockTurns(tx)
  const written = await move(tx, 'run', run, ended, ended.reason, at)
  if (run.state === 'launching' || run.state === 'running') await passTurn(tx, ports, at)
  await wakeNext(tx, run, at)
  return written
}
