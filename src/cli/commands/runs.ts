import type { FollowUp } from '../../domain/follow-up.ts'
import { type ClientOptions, connect } from '../client.ts'
import { paintState } from '../style.ts'
import { ago, print, printJson, table } from '../table.ts'

interface ListedRun {
  readonly id: number
  readonly pipeline: string
  readonly repository: string
  readonly commit: string
  readonly change: number
  readonly batch: number | null
  readonly attempt: number
  readonly state: string
  readonly verdict: string | null
  /** Why the verdict is what it is, once it is given. */
  readonly judged: string | null
  readonly follows: FollowUp | null
  /** What its release waits for. */
  readonly held: string | null
  readonly reason: string
  readonly createdAt: number
}

/** What a run waits for comes first of all that could be said of it: somebody may be asked. */
const why = ({ held, follows, judged, reason }: ListedRun): string => {
  if (held !== null) return held
  const next = follows === null || follows.kind === 'delivered' ? [] : [follows.reason]
  return [judged ?? reason, ...next].join('; ')
}

/** `winnow runs` */
export const runs = async (
  options: ClientOptions & { readonly limit: string; readonly json?: boolean },
): Promise<void> => {
  const client = await connect(options)
  const list = await client.get<{ runs: readonly ListedRun[] }>(`/runs?limit=${encodeURIComponent(options.limit)}`)
  if (options.json) return printJson(list)
  if (list.runs.length === 0) return print('No runs yet.')
  const rows = list.runs.map((run) => [
    String(run.id),
    run.repository,
    run.pipeline,
    run.commit.slice(0, 8),
    run.batch === null ? `change ${run.change}` : `batch ${run.batch}`,
    String(run.attempt),
    ago(run.createdAt, Date.now()),
    paintState(run.state),
    run.verdict === null ? '' : paintState(run.verdict),
    why(run),
  ])
  print(
    table(['id', 'repository', 'pipeline', 'commit', 'cause', 'attempt', 'started', 'state', 'verdict', 'why'], rows),
  )
}
