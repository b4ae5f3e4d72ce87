import { open } from 'node:fs/promises'
import type { TableHead } from '../port.ts'
import { createCsvRows } from './csv-rows.ts'
import { createJsonRows } from './json-rows.ts'
import { readParquetRows } from './parquet-rows.ts'
import { createTableFaults, type TableFaults } from './table-faults.ts'
import type { Cell, RowSink } from './table-row.ts'
import { textOfFile } from './text-of-file.ts'

/** By its first bytes: files of artifacts mostly have no extension. */
const formatOf = async (path: string): Promise<TableHead['format']> => {
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

/** What a table is and begins with. Fault `predictions_invalid` where it is none. */
export const readTableHead = async (path: string, most: number, signal?: AbortSignal): Promise<TableHead> => {
  const faults = createTableFaults((at) => (at === null ? path : `${path}:${at}`))
  let columns: readonly string[] = []
  const rows: Readonly<Record<string, Cell>>[] = []
  const sink: RowSink = {
    header: (names) => {
      columns = names
    },
    row: (cells) => {
      if (rows.length < most) rows.push(Object.fromEntries(columns.map((name, at) => [name, cells[at] ?? null])))
    },
  }
  const format = await formatOf(path)
  if (format === 'parquet') await readParquetRows(path, sink, faults, signal, most)
  else {
    const reader = (format === 'csv' ? createCsvRows : createJsonRows)(sink, faults)
    for await (const text of textOfFile(path, faults, signal)) {
      reader.push(text)
      if (rows.length >= most) return { format, columns, rows }
    }
    reader.end()
  }
  faults.check()
  return { format, columns, rows }
}
