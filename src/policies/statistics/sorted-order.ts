const digitBits = 16
const digits = 1 << digitBits

/**
 * The positions of `values` from the least to the greatest; equal values keep their order, −0 and 0 are equal, NaN comes
 * last. A radix sort over the bits of the numbers: ten times as fast as comparing positions from some ten thousand on.
 */
export const sortedOrder = (values: Float64Array): Uint32Array => {
  const n = values.length
  let order = new Uint32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  if (n < 256) return order.sort((a, b) => compare(values[a] as number, values[b] as number) || a - b)

  const keys = sortableBits(values)
  let spare = new Uint32Array(n)
  const counts = new Uint32Array(digits)
  for (let digit = 0; digit < 64 / digitBits; digit++) {
    // Four 16-bit digits of each key, the lowest first: little-endian halves of two 32-bit words.
    const word = digit >> 1
    const shift = (digit & 1) * digitBits
    counts.fill(0)
    for (let i = 0; i < n; i++) {
      const key = ((keys[2 * i + word] as number) >>> shift) & (digits - 1)
      counts[key] = (counts[key] as number) + 1
    }
    if (counts.includes(n)) continue
    let start = 0
    for (let key = 0; key < digits; key++) {
      const count = counts[key] as number
      counts[key] = start
      start += count
    }
    for (let i = 0; i < n; i++) {
      const position = order[i] as number
      const key = ((keys[2 * position + word] as number) >>> shift) & (digits - 1)
      const at = counts[key] as number
      spare[at] = position
      counts[key] = at + 1
    }
    ;[order, spare] = [spare, order]
  }
  return order
}

const compare = (a: number, b: number): number => {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a - b
}

/** The numbers' bits so changed that unsigned order is numeric order: low word, high word, for each. */
const sortableBits = (values: Float64Array): Uint32Array => {
  const copy = new Float64Array(values.length)
  // Adding 0 makes −0 equal to 0; a NaN of any sign becomes one that sorts last.
  for (let i = 0; i < values.length; i++) copy[i] = (values[i] as number) + 0
  const words = new Uint32Array(copy.buffer)
  for (let i = 0; i < words.length; i += 2) {
    const high = words[i + 1] as number
    if (Number.isNaN(copy[i >> 1] as number)) {
      words[i] = 0xffffffff
      words[i + 1] = 0xffffffff
    } else if (high >>> 31) {
      words[i] = ~(words[i] as number)
      words[i + 1] = ~high
    } else words[i + 1] = high | 0x80000000
  }
  return words
}
