import { Fault } from '../domain/errors.ts'
import type { Predictions } from '../policies/predictions/predictions.ts'
import type { PredictionsFile } from './case-to-judge.ts'

/**
 * Reads a table of predictions: one row an example. Columns are the truth, `p_<class>` or `predicted` (and `q_<quantile>`
 * for a forecast), `id` or `*_id` for what names an example; of the others, those of at most 1,000 values are there to
 * slice by. What is wrong with the file is a Fault `predictions_invalid`, every place in its details.
 */
export const readPredictions = async (file: PredictionsFile, signal?: AbortSignal): Promise<Predictions> => {
  signal?.throwIfAborted()
  throw new Fault('predictions_invalid', `${file.name ?? file.path} cannot be read yet`)
}
