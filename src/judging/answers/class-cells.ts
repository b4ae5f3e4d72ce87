import { growingIntegers, growingNumbers } from '../tables/growing.ts'
import { shown, type TableFaults } from '../tables/table-faults.ts'
import { type Cell, numberIn, textOf } from '../tables/table-row.ts'
import type { AnswerCells } from './answer-cells.ts'
import type { ColumnRoles } from './column-roles.ts'

/** Probabilities of one example may miss 1 by so much: programs round what they write. */
const sumTolerance = 1e-3
/** A probability beyond 0 or 1 by less is a rounding of 32-bit numbers. */
const boundTolerance = 1e-6

/** A classification with the probability of each class; without `predicted`, the model decides for the likeliest. */
export const createClassCells = (
  header: readonly string[],
  { label, predicted, probabilities }: ColumnRoles,
  faults: TableFaults,
): AnswerCells => {
  const classes = probabilities.map(({ of }) => of)
  const places = new Map(classes.map((name, k) => [name, k]))
  const known = `one of ${classes.slice(0, 20).join(', ')}${classes.length > 20 ? ' …' : ''}, the p_ columns`
  const truth = growingIntegers()
  const decided = growingIntegers()
  const scores = growingNumbers()

  const classOf = (cell: Cell, column: number, at: number): number => {
    const place = places.get(textOf(cell))
    if (place === undefined) faults.add(at, header[column] ?? '', `expected ${known}, got ${shown(cell)}`)
    return place ?? 0
  }

  return {
    row: (cells, at) => {
      truth.push(classOf(cells[label] as Cell, label, at))
      let sum = 0
      let likeliest = 0
      let most = -1
      let sound = true
      for (let k = 0; k < probabilities.length; k++) {
        const place = (probabilities[k] as (typeof probabilities)[number]).at
        const value = numberIn(cells[place] as Cell)
        if (!(value >= -boundTolerance && value <= 1 + boundTolerance)) {
          faults.add(at, header[place] ?? '', `expected a probability from 0 to 1, got ${shown(cells[place])}`)
          sound = false
        }
        if (value > most) {
          most = value
          likeliest = k
        }
        sum += value
        scores.push(Math.min(1, Math.max(0, value)))
      }
      if (sound && Math.abs(sum - 1) > sumTolerance)
        faults.add(
          at,
          null,
          `expected p_ columns that sum to 1 (within ${sumTolerance}), got ${Number(sum.toPrecision(6))}`,
        )
      decided.push(predicted === null ? likeliest : classOf(cells[predicted] as Cell, predicted, at))
    },
    finish: () => ({
      kind: 'classification',
      classes,
      truth: truth.finish(),
      predicted: decided.finish(),
      scores: scores.finish(),
    }),
  }
}
