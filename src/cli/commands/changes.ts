import { archivedSum, type Sums } from '../../domain/ledger.ts'
import { type ClientOptions, connect } from '../client.ts'
import { paintState } from '../style.ts'
import { ago, print, printJson, table } from '../table.ts'
import { timeOf } from '../time-option.ts'
import { changesShow } from './changes-show.ts'

interface ListedChange {
  readonly id: number
  readonly repository: string
  readonly kind: string
  readonly what: string
  readonly sender: string
  readonly author: string
  readonly state: string
  readonly reason: string
  readonly faults: readonly string[]
  readonly receivedAt: number
}
interface ChangeList {
  readonly changes: readonly ListedChange[]
  readonly sum: Sums
  /** Where the next page begins. */
  readonly next: number | null
}

const filters = ['repository', 'state', 'kind', 'sender', 'pipeline', 'author', 'search', 'by', 'cursor'] as const

interface Options extends ClientOptions, Readonly<Partial<Record<(typeof filters)[number], string>>> {
  readonly since?: string
  readonly until?: string
  readonly sum?: boolean
  readonly archived?: boolean
  readonly limit: string
  readonly json?: boolean
}

/** `winnow changes [id]` */
export const changes = async (id: string | undefined, options: Options): Promise<void> => {
  if (id !== undefined) return changesShow(id, options)
  const client = await connect(options)
  const list = await client.get<ChangeList>(`/changes?${queryOf(options)}`)
  if (options.json) return printJson(options.sum ? list.sum : list)
  if (!options.sum) {
    print(list.changes.length === 0 ? 'No such changes.' : describeList(list.changes))
    print('')
  }
  print(describeSum(list.sum, options.by ?? 'state'))
  if (list.next !== null && !options.sum) print(`older ones: --cursor ${list.next}`)
}

const queryOf = (options: Options): URLSearchParams => {
  const query = new URLSearchParams({ limit: options.sum ? '1' : options.limit })
  for (const name of filters) {
    const wanted = options[name]
    if (wanted !== undefined) query.set(name, wanted)
  }
  if (options.archived) query.set('archived', 'true')
  for (const name of ['since', 'until'] as const) {
    const text = options[name]
    if (text !== undefined) query.set(name, String(timeOf(`--${name}`, text, Date.now())))
  }
  return query
}

const describeList = (changes: readonly ListedChange[]): string =>
  table(
    ['id', 'repository', 'kind', 'what', 'from', 'received', 'state', 'why'],
    changes.map((change) => [
      String(change.id),
      change.repository,
      change.kind,
      change.what,
      change.sender,
      ago(change.receivedAt, Date.now()),
      paintState(change.state),
      [change.reason, ...change.faults].join('\n    '),
    ]),
  )

/** `12 changes: 7 started, 5 ignored`; archives are named apart. */
const describeSum = (sum: Sums, by: string): string => {
  const total = Object.values(sum).reduce((all, count) => all + count, 0)
  const order = Object.entries(sum).sort(
    ([a, x], [b, y]) => Number(a === archivedSum) - Number(b === archivedSum) || y - x,
  )
  const parts = order.map(
    ([name, count]) => `${count} ${by === 'sender' && name !== archivedSum ? `from ${name}` : name}`,
  )
  return `${total} ${total === 1 ? 'change' : 'changes'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`
}
