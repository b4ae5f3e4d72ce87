import { dataChange } from '../../domain/data-change.ts'
import { messageOf } from '../../domain/errors.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import type { NewRow, Store } from '../../domain/ports/store.ts'
import type { Duration } from '../../domain/time.ts'
import type { Log } from '../../log.ts'

export interface TablePorts {
  readonly recordChange: Store['recordChange']
  /** What a repository may read: an address that no source of the config has is refused. */
  readonly source: (repository: string) => DataSource
  readonly log: Log
  /** How long a table is asked for before its sender's word is taken. */
  readonly patience?: Duration
}

/**
 * Records what a sender told. Of a table it can only give a hint, the time of a log's entry: a poll tells of the same load by the
 * time of its last modification. So the table is looked at, and both are one change. Where it cannot be looked at, the sender's
 * word stands: nothing that was told is lost, and a batch takes the later of the two for the earlier.
 */
export const hearOfTables =
  (ports: TablePorts): Store['recordChange'] =>
  async (row) =>
    ports.recordChange(isHint(row) ? await asItIs(ports, row) : row)

type TableRow = NewRow<'change'> & { readonly cause: Extract<NewRow<'change'>['cause'], { kind: 'data' }> }

const isHint = (row: NewRow<'change'>): row is TableRow =>
  row.cause.kind === 'data' && row.cause.uri.startsWith('bq:') && row.cause.event !== 'deleted'

const asItIs = async ({ source, log, patience = 5_000 }: TablePorts, row: TableRow): Promise<NewRow<'change'>> => {
  const { repository, cause, sender = 'winnow', receivedAt } = row
  const from = source(repository)
  if (from.reads?.(cause.uri) === false) return row
  try {
    const table = await from.find(cause.uri, AbortSignal.timeout(patience))
    if (table === undefined || isBeforeIt(table.generation, cause.generation)) return row
    return dataChange({ repository, pipeline: null, sender, object: table, event: 'written', at: receivedAt })
  } catch (error) {
    log.warn({ uri: cause.uri, reason: messageOf(error) }, 'a table could not be looked at; its sender is believed')
    return row
  }
}

/** An entry is written soon after what it tells of. */
const soon: Duration = 300_000

/** Whether what is shown of a table was there before the load that was told of: it would be taken for known, and the news lost. */
const isBeforeIt = (shown: string, told: string): boolean => Number(told) - Number(shown) > soon
