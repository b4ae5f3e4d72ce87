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

/** As many entries as stay in a processor's cache. */
const mostEntries = 1 << 16

/** `sorted` goes up, without NaN; equal numbers become one rung. −0 and 0 are equal. */
export const createLadder = (sorted: Float64Array): Ladder => {
  const distinct = new Float64Array(sorted.length)
  let count = 0
  for (let i = 0; i < sorted.length; i++)
    if (i === 0 || sorted[i] !== sorted[i - 1]) distinct[count++] = sorted[i] as number
  const rungs = distinct.subarray(0, count)
  const words = upperWords(rungs)
  const [lowest, highest] = count === 0 ? [0, -1] : [keyOf(words, 0), keyOf(words, count - 1)]
  let shift = 0
  while (shift < 31 && (highest - lowest) / 2 ** shift >= Math.min(mostEntries, count)) shift++
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
  const words = upperWords(values)
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

/** Both words of each number: of number i, the upper one is 2i + 1. */
const upperWords = ({ buffer, byteOffset, length }: Float64Array): Int32Array =>
  new Int32Array(buffer, byteOffset, 2 * length)

/** A whole number that is never less for a greater number: its upper 32 bits, turned round where they are negative. */
const keyOf = (words: Int32Array, at: number): number => {
  const upper = words[2 * at + 1] as number
  return upper >= 0 ? upper : 0 - (upper & 0x7fffffff)
}
