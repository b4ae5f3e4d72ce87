import type { ClassPredictions, NumberPredictions } from '../../policies/predictions/predictions.ts'
import type { Cell } from '../tables/table-row.ts'

type Answered<P> = Omit<P, 'rows' | 'ids' | 'columns'>

/** The cells that are about the truth and the model's answer, row by row, and what they come to. */
export interface AnswerCells {
  row(cells: readonly Cell[], at: number): void
  finish(): Answered<ClassPredictions> | Answered<NumberPredictions>
}
