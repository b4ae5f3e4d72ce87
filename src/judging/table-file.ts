import { open } from 'node:fs/promises'
import { createCsvRows } from './csv-rows.ts'
import { createJsonRows } from './json-rows.ts'
import { readParquetRows } from './parquet-rows.ts'
import type { TableFaults } from './table-faults.ts'
import type { RowSink } from './table-row.ts'
import { textOfFile } from './text-of-file.ts'

export type TableFormat = 'csv' | 'jsonl' | 'parquet'

/** By its first bytes: files of artifacts mostly have no extension. */
export const formatOf = async (path: string): Promise<TableFormat> => {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4_096), 0, 4_096, 0)
  const start = buffer.subarray(0, bytesRead)
  if (start.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet'
  return start
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
    .startsWith('{')
    ? 'jsonl'
    : 'csv'
}

/** Gives the rows of a file to the sink, whatever the file is called. */
export const readTableFile = async (
  path: string,
  sink: RowSink,
  faults: TableFaults,
  signal?: AbortSignal,
): Promise<void> => {
  const format = await formatOf(path)
  if (format === 'parquet') {
    await readParquetRows(path, sink, faults, signal)
  } else {
    const rows = (format === 'csv' ? createCsvRows : createJsonRows)(sink, faults)
    for await (const text of textOfFile(path, faults, signal)) rows.push(text)
    rows.end()
  }
  faults.check()
}
