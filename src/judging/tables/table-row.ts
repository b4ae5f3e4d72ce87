/** What stands in a cell, however the file writes it; null and the empty text are nothing. */
export type Cell = string | number | boolean | null

/** Where the rows of a file go, one by one, in the file's order. */
export interface RowSink {
  header(names: readonly string[]): void
  /** As many cells as the header has names; `at` is the line (of Parquet: the row), from 1. */
  row(cells: readonly Cell[], at: number): void
}

export const textOf = (cell: Cell): string => (cell === null ? '' : typeof cell === 'string' ? cell : String(cell))

/** NaN for what is no number, for nothing, and for `nan` itself. */
export const numberIn = (cell: Cell): number => {
  if (typeof cell === 'number') return cell
  if (typeof cell !== 'string' || cell.trim() === '') return Number.NaN
  // Number() also knows 0x10 and 0b1, which nobody means here.
  return cell.charCodeAt(0) === 48 && /^0[xXbBoO]/.test(cell) ? Number.NaN : Number(cell)
}

/** `nan` and `inf` as programs write them: meant as numbers, and none. */
export const isNoNumber = (cell: Cell): boolean =>
  typeof cell === 'number'
    ? !Number.isFinite(cell)
    : typeof cell === 'string' && /^[+-]?(nan|inf|infinity)$/i.test(cell)
