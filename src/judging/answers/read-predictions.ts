import { extname } from 'node:path'
import { Fault, messageOf } from '../../domain/errors.ts'
import type { Predictions } from '../../policies/predictions/predictions.ts'
import type { PredictionsFile } from '../case-to-judge.ts'
import { createCsvRows } from '../tables/csv-rows.ts'
import { createJsonRows } from '../tables/json-rows.ts'
import { readParquetRows } from '../tables/parquet-rows.ts'
import { createTableFaults } from '../tables/table-faults.ts'
import { textOfFile } from '../tables/text-of-file.ts'
import { createPredictionsTable } from './predictions-table.ts'

/**
 * Reads a table of predictions: one row an example. Columns are the truth, `p_<class>` or `predicted` (and `q_<quantile>`
 * for a forecast), `id` or `*_id` for what names an example; of the others, those of at most 1,000 values are there to
 * slice by. What is wrong with the file is a Fault `predictions_invalid`, every place in its details.
 */
export const readPredictions = async (file: PredictionsFile, signal?: AbortSignal): Promise<Predictions> => {
  signal?.throwIfAborted()
  const { path, label, name = path } = file
  const kind = extname(path).toLowerCase()
  const place = kind === '.parquet' ? ': row ' : ':'
  const faults = createTableFaults((at) => (at === null ? name : `${name}${place}${at}`))
  const table = createPredictionsTable(label, faults)
  const unreadable = (error: unknown): void => {
    // What the system says of a file (it is not there, it may not be read), not what is in it.
    if (!(error instanceof Error) || !('syscall' in error)) throw error
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : messageOf(error)
    throw new Fault('predictions_invalid', `${name} cannot be read: ${reason}`, { cause: error })
  }
  switch (kind) {
    case '.parquet':
      await readParquetRows(path, table, faults, signal).catch(unreadable)
      break
    case '.csv':
    case '.jsonl':
    case '.ndjson': {
      const rows = (kind === '.csv' ? createCsvRows : createJsonRows)(table, faults)
      try {
        for await (const text of textOfFile(path, faults, signal)) rows.push(text)
        rows.end()
      } catch (error) {
        unreadable(error)
      }
      break
    }
    default:
      faults.add(null, null, `expected a file *.csv, *.jsonl, *.ndjson or *.parquet, got ${JSON.stringify(kind)}`)
  }
  faults.check()
  return table.finish()
}
