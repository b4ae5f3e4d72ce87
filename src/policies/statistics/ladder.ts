import { keyOf, mostShortKeys, shorteningTo, wordsOf } from './number-keys.ts'

/**
 * Distinct numbers from the least to the greatest, among which the place of any number is found in a few steps: a
 * directory by the upper bits of a number leads to the few rungs that share them.
 */
export interface Ladder {
  readonly rungs: Float64Array
  /** The key of the least and of the greatest rung (keyOf), and by how much keys are shortened for the directory. */
  readonly lowest: number
  readonly highest: number
  readonly shift: number
  /** For each shortened key the number of rungs below it, and after the last one, of all. */
  readonly directory: Uint32Array
}

/** `sorted` goes up, without NaN; equal numbers become one rung. −0 and 0 are equal. */
export const createLadder = (sorted: Float64Array): Ladder => {
  const distinct = new Float64Array(sorted.length)
  let count = 0
  for (let i = 0; i < sorted.length; i++)
    if (i === 0 || sorted[i] !== sorted[i - 1]) distinct[count++] = sorted[i] as number
  const rungs = distinct.subarray(0, count)
  const words = wordsOf(rungs)
  const [lowest, highest] = count === 0 ? [0, -1] : [keyOf(words, 0), keyOf(words, count - 1)]
  const shift = shorteningTo(Math.min(mostShortKeys, count), lowest, highest)
  const entries = count === 0 ? 0 : ((highest - lowest) >>> shift) + 1
  const directory = new Uint32Array(entries + 1)
  for (let rung = 0, entry = 0; rung < count; rung++) {
    const own = (keyOf(words, rung) - lowest) >>> shift
    while (entry < own) directory[++entry] = rung
  }
  directory[entries] = count
  return { rungs, lowest, highest, shift, directory }
}

/** For each number its place: −1 − r on rung r, otherwise how many rungs lie below it; NaN is above all. */
export const placesOn = ({ rungs, lowest, highest, shift, directory }: Ladder, values: Float64Array): Int32Array => {
  const places = new Int32Array(values.length)
  const words = wordsOf(values)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    const key = keyOf(words, i)
    if (key > highest || Number.isNaN(value)) {
      places[i] = rungs.length
      continue
    }
    if (key < lowest) continue
    const entry = (key - lowest) >>> shift
    let from = directory[entry] as number
    let to = directory[entry + 1] as number
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((rungs[middle] as number) < value) from = middle + 1
      else to = middle
    }
    places[i] = rungs[from] === value ? -1 - from : from
  }
  return places
}
