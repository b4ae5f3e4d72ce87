// Whole numbers that are never less for a greater number, by which many numbers are sorted and found again.

/** Both words of each number: of number i, the upper one is 2i + 1. */
export const wordsOf = ({ buffer, byteOffset, length }: Float64Array): Int32Array =>
  new Int32Array(buffer, byteOffset, 2 * length)

/** The key of the number at a place: its upper 32 bits, turned round where it is negative. 0 for −0, as for 0. */
export const keyOf = (words: Int32Array, at: number): number => {
  const upper = words[2 * at + 1] as number
  return upper >= 0 ? upper : 0 - (upper & 0x7fffffff)
}

/** By how many bits keys are shortened, so that between the least and the greatest there are at most so many. */
export const shorteningTo = (most: number, lowest: number, highest: number): number => {
  let shift = 0
  while (shift < 31 && (highest - lowest) / 2 ** shift >= most) shift++
  return shift
}

/** As many short keys as tables of them stay in a processor's cache. */
export const mostShortKeys = 1 << 16
