import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Table {
  readonly name: string
  /** Milliseconds, as text. */
  readonly lastModified: string
  readonly rows: number
}

/** A dataset that answers what Winnow asks of it. */
export interface TableServer {
  readonly endpoint: string
  readonly load: (table: Table) => void
  readonly close: () => Promise<void>
}

const pageSize = 100

/** The two methods of BigQuery's REST API that tell of tables, over one dataset. */
export const openTableServer = async (project: string, dataset: string): Promise<TableServer> => {
  const tables = new Map<string, Table>()
  const path = `/bigquery/v2/projects/${project}/datasets/${dataset}/tables`

  const answerTo = ({ pathname, searchParams }: URL): object | undefined => {
    if (pathname === path) {
      const from = Number(searchParams.get('pageToken') ?? 0)
      const page = [...tables.keys()].slice(from, from + pageSize)
      const more = from + pageSize < tables.size ? { nextPageToken: String(from + pageSize) } : {}
      return { tables: page.map((tableId) => ({ tableReference: { tableId } })), ...more }
    }
    const table = pathname.startsWith(`${path}/`) ? tables.get(pathname.slice(path.length + 1)) : undefined
    if (table === undefined) return undefined
    const { lastModified, rows } = table
    return { type: 'TABLE', lastModifiedTime: lastModified, numRows: String(rows), numBytes: String(rows * 40) }
  }
  const server = createServer((request, response) => {
    const answer = answerTo(new URL(request.url ?? '/', 'http://tables'))
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? { error: { code: 404, message: 'Not found' } }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    load: (table) => void tables.set(table.name, table),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
