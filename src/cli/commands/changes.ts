import type { Change } from '../../domain/change.ts'
import type { HistoryEntry } from '../../domain/ports.ts'
import { type ClientOptions, connect } from '../client.ts'
import { historyLines } from '../history.ts'
import { paintState } from '../style.ts'
import { ago, print, printJson, table } from '../table.ts'

interface ListedChange {
  readonly id: number
  readonly repository: string
  readonly kind: string
  readonly what: string
  readonly author: string
  readonly state: string
  readonly reason: string
  readonly faults: readonly string[]
  readonly receivedAt: number
}
interface ChangeList {
  readonly changes: readonly ListedChange[]
  readonly sum: Readonly<Record<string, number>>
}
interface ShownChange {
  readonly change: Change
  readonly runs: readonly number[]
  readonly history: readonly HistoryEntry[]
}
interface Options extends ClientOptions {
  readonly state?: string
  readonly sum?: boolean
  readonly limit: string
  readonly json?: boolean
}

/** `winnow changes [id]` */
export const changes = async (id: string | undefined, options: Options): Promise<void> => {
  const client = await connect(options)
  if (id !== undefined) {
    const shown = await client.get<ShownChange>(`/changes/${encodeURIComponent(id)}`)
    return options.json ? printJson(shown) : showChange(shown)
  }
  const query = new URLSearchParams({
    limit: options.limit,
    ...(options.state === undefined ? {} : { state: options.state }),
  })
  const list = await client.get<ChangeList>(`/changes?${query}`)
  if (options.json) return printJson(options.sum ? list.sum : list)
  if (!options.sum) {
    const rows = list.changes.map((change) => [
      String(change.id),
      change.repository,
      change.kind,
      change.what,
      ago(change.receivedAt, Date.now()),
      paintState(change.state),
      [change.reason, ...change.faults].join('\n    '),
    ])
    print(
      rows.length === 0
        ? 'No changes yet.'
        : table(['id', 'repository', 'kind', 'what', 'received', 'state', 'why'], rows),
    )
    print('')
  }
  const total = Object.values(list.sum).reduce((sum, count) => sum + count, 0)
  const parts = Object.entries(list.sum).map(([state, count]) => `${count} ${state}`)
  print(`${total} ${total === 1 ? 'change' : 'changes'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`)
}

const showChange = ({ change, runs, history }: ShownChange): void => {
  print(`change ${change.id}  ${change.cause.kind}  ${change.repository}  ${paintState(change.state)}`)
  print(`  ${change.reason || 'not looked at yet'}`)
  for (const fault of change.faults) print(`  ${fault}`)
  if (runs.length > 0) print(`  runs: ${runs.join(', ')}`)
  if (change.batch !== null) print(`  batch: ${change.batch}`)
  for (const line of historyLines(history)) print(`  ${line}`)
}
