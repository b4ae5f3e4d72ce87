import type { Predictions } from '../../policies/predictions/predictions.ts'
import { createTableFaults } from '../tables/table-faults.ts'
import { readTableFile } from '../tables/table-file.ts'
import { createPredictionsTable } from './predictions-table.ts'

/** A table of answers, whatever the file is called; `label` null: by its usual names. Fault `predictions_invalid`. */
export const readAnswers = async (path: string, label: string | null): Promise<Predictions> => {
  const faults = createTableFaults((at) => (at === null ? path : `${path}:${at}`))
  const table = createPredictionsTable(label, faults)
  await readTableFile(path, table, faults)
  return table.finish()
}
