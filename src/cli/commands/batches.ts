import type { Batch, DataObject } from '../../domain/batch.ts'
import { formatBytes } from '../../domain/bytes.ts'
import type { HistoryEntry } from '../../domain/ports/store.ts'
import { formatTime } from '../../domain/time.ts'
import { type Client, type ClientOptions, connect } from '../client.ts'
import { historyLines } from '../history.ts'
import { paintState } from '../style.ts'
import { ago, print, printJson, table } from '../table.ts'

type ListedBatch = Omit<Batch, 'sums' | 'counted'> & { readonly objects: number; readonly bytes: number }

interface ShownBatch {
  readonly batch: Batch
  readonly history: readonly HistoryEntry[]
}

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
    const shown = await client.get<ShownBatch>(`/batches/${encodeURIComponent(id)}`)
    if (options.json) {
      const objects: DataObject[] = []
      for await (const page of objectPages(client, id)) objects.push(...page)
      return printJson({ ...shown, objects })
    }
    for (const line of describe(shown.batch)) print(line)
    for await (const page of objectPages(client, id)) for (const object of page) print(`  ${describeObject(object)}`)
    if (shown.batch.marker !== null) print(`  marker ${shown.batch.marker.uri}`)
    print('  history')
    for (const line of historyLines(shown.history)) print(`    ${line}`)
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

/** A batch may have many thousand: they come a page at a time. */
async function* objectPages(client: Client, id: string): AsyncGenerator<readonly DataObject[]> {
  for (let next: string | null = ''; next !== null; ) {
    const after: string = next === '' ? '' : `?after=${encodeURIComponent(next)}`
    const page = await client.get<{ readonly objects: readonly DataObject[]; readonly next: string | null }>(
      `/batches/${encodeURIComponent(id)}/objects${after}`,
    )
    yield page.objects
    next = page.next
  }
}

const describe = ({ id, repository, pipeline, key, state, reason, run, nextAt }: Batch): readonly string[] => [
  `batch ${id}  ${repository}/${pipeline}${key === '' ? '' : ` for ${key}`}  ${paintState(state)}`,
  ...(reason === '' ? [] : [`  ${reason}`]),
  ...(nextAt === null ? [] : [`  looked at again: ${formatTime(nextAt)}`]),
  ...(run === null ? [] : [`  run ${run}  (winnow run show ${run})`]),
]

const describeObject = ({ uri, generation, size, rows }: DataObject): string =>
  `${uri}  generation ${generation}, ${formatBytes(size)}${rows === undefined ? '' : `, ${rows} rows`}`
