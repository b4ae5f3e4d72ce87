import type { Batch } from '../../domain/batch.ts'
import { formatBytes } from '../../domain/bytes.ts'
import type { HistoryEntry } from '../../domain/ports.ts'
import { formatTime } from '../../domain/time.ts'
import { type ClientOptions, connect } from '../client.ts'
import { historyLines } from '../history.ts'
import { paintState } from '../style.ts'
import { ago, print, printJson, table } from '../table.ts'

type ListedBatch = Omit<Batch, 'objects' | 'counted'> & { readonly objects: number; readonly bytes: number }

interface Options extends ClientOptions {
  readonly state?: string
  readonly repository?: string
  readonly limit: string
  readonly json?: boolean
}

/** `winnow batches [ID]`: data that gathers, what it waits for, and what became of it. */
export const batches = async (id: string | undefined, options: Options): Promise<void> => {
  const client = await connect(options)
  if (id !== undefined) {
    const shown = await client.get<{ readonly batch: Batch; readonly history: readonly HistoryEntry[] }>(
      `/batches/${encodeURIComponent(id)}`,
    )
    if (options.json) return printJson(shown)
    for (const line of describe(shown.batch, shown.history)) print(line)
    return
  }
  const query = new URLSearchParams({ limit: options.limit })
  if (options.state !== undefined) query.set('state', options.state)
  if (options.repository !== undefined) query.set('repository', options.repository)
  const list = await client.get<{ readonly batches: readonly ListedBatch[] }>(`/batches?${query}`)
  if (options.json) return printJson(list)
  if (list.batches.length === 0) return print('No batches.')
  const rows = list.batches.map((batch) => [
    String(batch.id),
    batch.repository,
    batch.pipeline,
    batch.key,
    String(batch.objects),
    formatBytes(batch.bytes),
    ago(batch.openedAt, Date.now()),
    paintState(batch.state),
    batch.run === null ? '' : String(batch.run),
    batch.reason,
  ])
  print(table(['id', 'repository', 'pipeline', 'key', 'objects', 'size', 'opened', 'state', 'run', 'why'], rows))
}

const describe = (batch: Batch, history: readonly HistoryEntry[]): readonly string[] => {
  const { id, repository, pipeline, key, state, reason, run, nextAt, objects, marker } = batch
  return [
    `batch ${id}  ${repository}/${pipeline}${key === '' ? '' : ` for ${key}`}  ${paintState(state)}`,
    ...(reason === '' ? [] : [`  ${reason}`]),
    ...(nextAt === null ? [] : [`  looked at again: ${formatTime(nextAt)}`]),
    ...(run === null ? [] : [`  run ${run}  (winnow run show ${run})`]),
    ...objects.map(
      ({ uri, generation, size, rows }) =>
        `  ${uri}  generation ${generation}, ${formatBytes(size)}${rows === undefined ? '' : `, ${rows} rows`}`,
    ),
    ...(marker === null ? [] : [`  marker ${marker.uri}`]),
    '  history',
    ...historyLines(history).map((line) => `    ${line}`),
  ]
}
