import { explainReceipt } from '../../policies/explain.ts'
import { type ClientOptions, connect } from '../client.ts'
import { paintState } from '../style.ts'
import { print, printJson } from '../table.ts'
import { overridden, type ShownRun } from './run-show.ts'

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
  if (verdict.follows) print(`next: ${verdict.follows.reason}`)
  for (const release of releases)
    print(`${release.environment}: ${paintState(release.state)}  ${release.reason}${overridden(release)}`)
}
