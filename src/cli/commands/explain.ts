import type { Release } from '../../domain/release.ts'
import { nameOfStep } from '../../domain/rollout.ts'
import { formatTime } from '../../domain/time.ts'
import { explainGates, explainReceipt } from '../../policies/verdicts/explain.ts'
import { type ClientOptions, connect } from '../client.ts'
import { paintState } from '../style.ts'
import { print, printJson } from '../table.ts'
import { nextOf, overridden, type ShownRun } from './run-show.ts'

/** `winnow explain RUN` */
export const explain = async (id: string, options: ClientOptions & { readonly json?: boolean }): Promise<void> => {
  const client = await connect(options)
  const { run, verdict, releases } = await client.get<ShownRun>(`/runs/${encodeURIComponent(id)}`)
  if (options.json) return printJson({ run: run.id, state: run.state, verdict, releases })
  if (verdict === null) {
    print(`run ${run.id} ${paintState(run.state)}: ${run.reason || 'not judged yet'}`)
    for (const line of run.details) print(`  ${line}`)
    return
  }
  if (verdict.receipt === null) return print(`run ${run.id} is being judged`)
  for (const line of explainReceipt(verdict.receipt)) print(line)
  if (verdict.receipt.judged !== undefined) print(`again: winnow policy reproduce ${verdict.id}`)
  for (const line of nextOf({ verdict, releases })) print(line)
  for (const release of releases)
    print(`${release.environment}: ${paintState(release.state)}  ${release.reason}${overridden(release)}`)
  for (const line of releases.flatMap(explainLive)) print(line)
}

/** What the gates of a rollout saw at their last look: why it went on, waits or was taken back. */
const explainLive = ({ environment, rollout }: Release): readonly string[] => {
  if (!rollout?.seen) return []
  const { seen } = rollout
  const where = `${environment}, ${nameOfStep({ ...rollout, step: seen.step })}, as of ${formatTime(seen.at)}`
  return ['', `live in ${where}:`, ...explainGates(seen)]
}
