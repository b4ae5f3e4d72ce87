import type { Change } from '../../domain/change.ts'
import { Fault } from '../../domain/errors.ts'
import type { HistoryEntry } from '../../domain/ports/store.ts'
import type { Trace } from '../../ledger/trace.ts'
import { type ClientOptions, connect } from '../client.ts'
import { historyLines } from '../history.ts'
import { print, printJson } from '../table.ts'
import { traceTree } from '../trace-tree.ts'

interface ShownChange {
  readonly change: Change
  readonly runs: readonly number[]
  readonly history: readonly HistoryEntry[]
}
interface Options extends ClientOptions {
  readonly run?: string
  readonly release?: string
  readonly json?: boolean
}

/** `winnow changes show [id] [--run N | --release N]`: the whole way of one change, from whichever end it is named. */
export const changesShow = async (id: string | undefined, options: Options): Promise<void> => {
  const asked = [
    ['changes', id],
    ['runs', options.run],
    ['releases', options.release],
  ].filter(([, number]) => number !== undefined)
  const [first, ...more] = asked
  if (first === undefined || more.length > 0)
    throw new Fault('usage', 'One number is needed: of a change, or after --run or --release')
  const client = await connect(options)
  const trace = await client.get<Trace>(`/${first.map((part) => encodeURIComponent(part as string)).join('/')}/trace`)
  const shown = await client.get<ShownChange>(`/changes/${trace.change.id}`)
  if (options.json) return printJson({ ...shown, trace })
  for (const line of traceTree(trace)) print(line)
  for (const fault of shown.change.faults) print(`  ${fault}`)
  print('history')
  for (const line of historyLines(shown.history)) print(`  ${line}`)
}
