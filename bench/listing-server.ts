import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// Stands in for Cloud Storage: a bucket of as many objects as the first argument says, listed in pages of a thousand.
const total = Number(process.argv[2])
const pageLength = 1_000

const pageFrom = (first: number): object => ({
  items: Array.from({ length: Math.min(pageLength, total - first) }, (_, i) => ({
    name: `incoming/2026-11-27/part-${String(first + i).padStart(8, '0')}.csv`,
    generation: String(1_764_201_600_000_000 + first + i),
    size: '5120',
    crc32c: 'AAAAAA==',
  })),
  ...(first + pageLength < total ? { nextPageToken: String(first + pageLength) } : {}),
})

const server = createServer((request, response) => {
  const first = Number(new URL(request.url ?? '', 'http://listing').searchParams.get('pageToken') ?? 0)
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(pageFrom(first)))
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
