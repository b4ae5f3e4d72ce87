import type { Column } from '../../policies/predictions/predictions.ts'
import { createDistinctTexts } from '../tables/distinct-texts.ts'
import { growingNumbers } from '../tables/growing.ts'
import { shown, type TableFaults } from '../tables/table-faults.ts'
import { type Cell, isNoNumber, numberIn, textOf } from '../tables/table-row.ts'
import type { AnswerCells } from './answer-cells.ts'
import type { ColumnRoles } from './column-roles.ts'

/**
 * Answers without probabilities: a regression or a forecast where every truth is a number, else classes. Which of the
 * two is known at the end only, so both are kept until then.
 */
export const createDecidedCells = (
  header: readonly string[],
  { label, predicted, quantiles }: ColumnRoles,
  faults: TableFaults,
  mostClasses: number,
): AnswerCells => {
  // The median stands for a forecast that has no column of its own.
  const answer = predicted ?? (quantiles.find(({ quantile }) => quantile === 0.5)?.at as number)
  const sides = [label, answer].map((column) => createSide(column, header[column] ?? '', mostClasses))
  const forecasts = quantiles.map(({ at, quantile }) => ({ at, quantile, values: growingNumbers() }))
  const [truth, decided] = sides as [Side, Side]
  return {
    row: (cells, at) => {
      for (const side of sides) {
        const cell = cells[side.column] as Cell
        if (textOf(cell) === '') faults.add(at, side.name, 'expected a class or a number, got nothing')
        side.push(cell, at)
      }
      for (const { at: place, values } of forecasts) {
        const value = numberIn(cells[place] as Cell)
        if (!Number.isFinite(value))
          faults.add(at, header[place] ?? '', `expected a number, got ${shown(cells[place])}`)
        values.push(value)
      }
    },
    finish: () => {
      const isNumbers = truth.isNumbers() || forecasts.length > 0
      if (isNumbers)
        return {
          kind: 'regression',
          truth: truth.numbers(faults),
          predicted: decided.numbers(faults),
          quantiles: forecasts.map(({ quantile, values }) => ({ quantile, predicted: values.finish() })),
        }
      const [a, b] = [truth.classes(faults), decided.classes(faults)]
      const classes = [...new Set([...a.values, ...b.values])].sort()
      const places = new Map(classes.map((name, k) => [name, k]))
      const codesOf = ({ values, codes }: Column): Int32Array => {
        const moved = values.map((name) => places.get(name) as number)
        return codes.map((code) => moved[code] as number)
      }
      return { kind: 'classification', classes, truth: codesOf(a), predicted: codesOf(b), scores: null }
    },
  }
}

type Side = ReturnType<typeof createSide>

interface Found {
  readonly at: number
  readonly cell: Cell
}

const createSide = (column: number, name: string, mostClasses: number) => {
  const numbers = growingNumbers()
  const texts = createDistinctTexts(mostClasses)
  // The first cell that is a text, and the first that is `nan`: a number that is missing.
  const first: { text: Found | null; noNumber: Found | null } = { text: null, noNumber: null }
  return {
    column,
    name,
    push: (cell: Cell, at: number): void => {
      const value = numberIn(cell)
      if (isNoNumber(cell)) first.noNumber ??= { at, cell }
      else if (Number.isNaN(value)) first.text ??= { at, cell }
      if (first.text === null) numbers.push(value)
      texts.push(textOf(cell))
    },
    isNumbers: (): boolean => first.text === null,
    /** Throws where a cell is no number. */
    numbers: (faults: TableFaults): Float64Array => {
      const found = first.noNumber ?? first.text
      if (found !== null) faults.add(found.at, name, `expected a number, got ${shown(found.cell)}`)
      faults.check()
      return numbers.finish()
    },
    /** Throws where there are too many to be classes, or one is none. */
    classes: (faults: TableFaults): Column => {
      const found = texts.finish()
      if (first.noNumber !== null)
        faults.add(first.noNumber.at, name, `expected a class, got ${shown(first.noNumber.cell)}`)
      if (found === null && first.text !== null)
        faults.add(
          first.text.at,
          name,
          `expected a number, or at most ${mostClasses} classes, got ${shown(first.text.cell)}`,
        )
      else if (found === null) faults.add(null, name, `expected at most ${mostClasses} classes, got more`)
      faults.check()
      return found as Column
    },
  }
}
