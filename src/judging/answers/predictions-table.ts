import type { Column, Predictions } from '../../policies/predictions/predictions.ts'
import { createDistinctTexts, ownText } from '../tables/distinct-texts.ts'
import { shown, type TableFaults } from '../tables/table-faults.ts'
import { type Cell, type RowSink, textOf } from '../tables/table-row.ts'
import type { AnswerCells } from './answer-cells.ts'
import { createClassCells } from './class-cells.ts'
import { columnRoles } from './column-roles.ts'
import { createDecidedCells } from './decided-cells.ts'

/** A column of more values names things, and is not there to slice by. */
const mostSliceValues = 1_000

export interface PredictionsTable extends RowSink {
  /** Throws a Fault where anything is wrong with what came. */
  finish(): Predictions
}

/** Makes predictions of rows, whatever file they come from. Columns are told apart by their names (columnRoles). */
export const createPredictionsTable = (label: string | null, faults: TableFaults): PredictionsTable => {
  let open: ReturnType<typeof openTable> | null = null
  return {
    header: (names) => {
      open = openTable(names, label, faults)
    },
    row: (cells, at) => open?.row(cells, at),
    finish: () => {
      if (open === null) faults.add(1, null, 'the file is empty, expected a table with a header')
      faults.check()
      return (open as ReturnType<typeof openTable>).finish()
    },
  }
}

const openTable = (header: readonly string[], label: string | null, faults: TableFaults) => {
  const roles = columnRoles(header, label, faults)
  const examples = createExampleNames(header, roles.ids, faults)
  const others = roles.others.map(({ at, name }) => ({ at, name, texts: createDistinctTexts(mostSliceValues) }))
  const answers: AnswerCells =
    roles.probabilities.length > 0
      ? createClassCells(header, roles, faults)
      : createDecidedCells(header, roles, faults, mostSliceValues)
  let rows = 0
  return {
    row: (cells: readonly Cell[], at: number): void => {
      rows += 1
      answers.row(cells, at)
      examples.row(cells, at)
      for (const { at: place, texts } of others) texts.push(textOf(cells[place] as Cell))
    },
    finish: (): Predictions => {
      if (rows === 0) faults.add(null, null, 'expected at least one row after the header, got none')
      faults.check()
      const columns = others.flatMap(({ name, texts }): [string, Column][] => {
        const column = texts.finish()
        return column === null ? [] : [[name, column]]
      })
      const found = answers.finish()
      faults.check()
      return { ...found, rows, ids: examples.finish(), columns: Object.fromEntries(columns) }
    },
  }
}

const createExampleNames = (header: readonly string[], places: readonly number[], faults: TableFaults) => {
  const names: string[] = []
  const seen = new Set<string>()
  const column = places.map((at) => header[at]).join(' and ')
  return {
    row: (cells: readonly Cell[], at: number): void => {
      if (places.length === 0) return
      const texts = places.map((place) => textOf(cells[place] as Cell))
      const name = ownText(texts.join('/'))
      if (texts.includes('')) faults.add(at, column, 'expected the name of the example, got nothing')
      else if (seen.has(name))
        faults.add(
          at,
          column,
          `expected another name for each example, got ${shown(name)} again: example ${names.indexOf(name) + 1} has it`,
        )
      seen.add(name)
      names.push(name)
    },
    finish: () => (places.length === 0 ? null : names),
  }
}
