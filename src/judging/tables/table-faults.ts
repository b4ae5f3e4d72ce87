import { describeValue } from '../../declarations/describe-issue.ts'
import { Fault } from '../../domain/errors.ts'

/** What is wrong with a table, gathered; more than a few ends the reading. */
export interface TableFaults {
  /** `at` is the line (of Parquet: the row), null for the file; `column` null for the whole row. */
  add(at: number | null, column: string | null, message: string): void
  /** Throws where anything was added. */
  check(): void
}

const mostTold = 20

/** `place` writes where in the file: `predictions.csv:12`, `predictions.parquet: row 12`. */
export const createTableFaults = (place: (at: number | null) => string): TableFaults => {
  const told: string[] = []
  const fail = (isCut = false): never => {
    const [first, ...more] = told
    const rest = `${isCut ? 'at least ' : ''}${more.length} more ${more.length === 1 ? 'fault' : 'faults'}`
    throw new Fault('predictions_invalid', `${first}${more.length === 0 ? '' : `; and ${rest}`}`, {
      details: more.length === 0 ? [] : told,
      remedy: 'correct the program that wrote the table; docs/policies.md has the columns that it may have',
    })
  }
  return {
    add: (at, column, message) => {
      told.push(`${place(at)}: ${column === null ? '' : `${column}: `}${message}`)
      if (told.length === mostTold) fail(true)
    },
    check: () => {
      if (told.length > 0) fail()
    },
  }
}

/** What stood in a cell, as a message shows it. */
export const shown = (cell: unknown): string => (cell === '' || cell === null ? 'nothing' : describeValue(cell))
