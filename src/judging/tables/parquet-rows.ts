import * as zlib from 'node:zlib'
import {
  asyncBufferFromFile,
  type Compressors,
  type DecodedArray,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet'
import { messageOf } from '../../domain/errors.ts'
import type { TableFaults } from './table-faults.ts'
import type { Cell, RowSink } from './table-row.ts'

// Snappy, which pandas writes, is the reader's own; these are Node's. Zstandard came with Node 22.15.
const compressors: Compressors = {
  GZIP: (bytes) => zlib.gunzipSync(bytes),
  BROTLI: (bytes) => zlib.brotliDecompressSync(bytes),
  ...('zstdDecompressSync' in zlib ? { ZSTD: (bytes: Uint8Array) => zlib.zstdDecompressSync(bytes) } : {}),
}

/** Gives the rows of a Parquet file to the sink, or as many as are wanted, one row group at a time in memory. */
export const readParquetRows = async (
  path: string,
  sink: RowSink,
  faults: TableFaults,
  signal?: AbortSignal,
  most = Number.POSITIVE_INFINITY,
): Promise<void> => {
  const file = await asyncBufferFromFile(path)
  const refuse = (error: unknown): never => {
    faults.add(null, null, `expected a Parquet file: ${messageOf(error)}`)
    faults.check()
    throw error
  }
  const metadata = await parquetMetadataAsync(file).catch(refuse)
  const { children } = parquetSchema(metadata)
  for (const { element, children: within } of children)
    if (within.length > 0) faults.add(null, element.name, 'expected one value a row, got a list or a structure')
  faults.check()
  const names = children.map(({ element }) => element.name)
  sink.header(names)
  let start = 0
  for (const group of metadata.row_groups) {
    signal?.throwIfAborted()
    const rows = Math.min(Number(group.num_rows), most - start)
    if (rows <= 0) return
    const columns = new Map<string, { readonly first: number; readonly values: DecodedArray }[]>()
    await parquetRead({
      file,
      metadata,
      compressors,
      rowStart: start,
      rowEnd: start + rows,
      onChunk: ({ columnName, columnData, rowStart }) => {
        const parts = columns.get(columnName) ?? []
        columns.set(columnName, [...parts, { first: rowStart, values: columnData }])
      },
    }).catch(refuse)
    const readers = names.map((name) => cellReader(columns.get(name) ?? []))
    for (let i = start; i < start + rows; i++)
      sink.row(
        readers.map((read) => read(i)),
        i + 1,
      )
    start += rows
  }
}

/** Reads a column's values from its first row to its last, part by part. */
const cellReader = (parts: readonly { readonly first: number; readonly values: DecodedArray }[]) => {
  const sorted = [...parts].sort((a, b) => a.first - b.first)
  let at = 0
  return (row: number): Cell => {
    for (;;) {
      const part = sorted[at]
      if (part === undefined) return null
      if (row < part.first + part.values.length) return cellOf(part.values[row - part.first])
      at += 1
    }
  }
}

const cellOf = (value: unknown): Cell => {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  return value instanceof Date ? value.toISOString() : String(value)
}
