import { type Predictions, selectExamples } from '../predictions/predictions.ts'
import { createRandom } from '../statistics/random.ts'

/**
 * The answers to a share of the examples, each given to another of them: so many were answered by chance. The same seed
 * moves the same examples first, so a larger share holds the smaller.
 */
export const moveAnswers = <P extends Predictions>(predictions: P, share: number, seed: number): P => {
  const { rows, ids, columns, truth } = predictions
  const count = Math.round(share * rows)
  const order = Uint32Array.from({ length: rows }, (_, i) => i)
  const random = createRandom(seed)
  for (let i = 0; i < count; i++) {
    const other = i + random.below(rows - i)
    const held = order[i] as number
    order[i] = order[other] as number
    order[other] = held
  }
  const from = Uint32Array.from({ length: rows }, (_, i) => i)
  for (let i = 0; i < count; i++) from[order[i] as number] = order[(i + 1) % count] as number
  return { ...selectExamples({ ...predictions, ids: null, columns: {} }, from), ids, columns, truth }
}
