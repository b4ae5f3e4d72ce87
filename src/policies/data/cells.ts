export type TableCell = string | number | boolean | null

const nothing = /^(nan|na|n\/a|null|<na>)$/i
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** A cell whatever file it came from: a number, a text without blanks around it, or null for a value that is missing. */
export const plainCell = (cell: TableCell): string | number | null => {
  if (cell === null || typeof cell === 'boolean') return cell === null ? null : String(cell)
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null
  const text = cell.trim()
  if (text === '' || nothing.test(text)) return null
  const value = decimal.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : text
}

/**
 * A number of 53 bits for the cells at these places: two rounds of FNV-1a, of which the second begins elsewhere. Among a
 * million rows, two different ones share a number with a chance of 1 in 18,000.
 */
export const rowHash = (cells: readonly (string | number | null)[], places: readonly number[]): number => {
  let [a, b] = [0x811c9dc5, 0x9e3779b9]
  const mix = (code: number): void => {
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13)
  }
  for (const place of places) {
    const cell = cells[place]
    const text = cell === null || cell === undefined ? '' : String(cell)
    for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i))
    mix(0x1ffff)
  }
  return (a >>> 11) * 4294967296 + (b >>> 0)
}
