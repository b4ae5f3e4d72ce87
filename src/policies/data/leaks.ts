import { plainCell, rowHash, type TableCell } from './cells.ts'

/** Takes a table row by row and counts the rows that are among `keys`, by the columns that made those. */
export const createLeakCounter = (keys: ReadonlySet<number>, keyColumns: readonly string[]) => {
  let places: readonly number[] = []
  let leaked = 0
  return {
    header: (header: readonly string[]): void => {
      places = [...keyColumns].sort().map((name) => header.indexOf(name))
    },
    row: (cells: readonly TableCell[]): void => {
      if (keys.has(rowHash(cells.map(plainCell), places))) leaked += 1
    },
    count: (): number => leaked,
  }
}
