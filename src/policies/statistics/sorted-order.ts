const digitBits = 11
const digits = 1 << digitBits

/**
 * The positions of `values` from the least to the greatest; equal values keep their order, −0 and 0 are equal, NaN comes
 * last. A radix sort over the bits of the numbers: many times as fast as comparing positions from some thousand on.
 */
export const sortedOrder = (values: Float64Array): Uint32Array => {
  const n = values.length
  if (n < 256)
    return Uint32Array.from(values, (_, i) => i).sort(
      (a, b) => compare(values[a] as number, values[b] as number) || a - b,
    )
  const [low, high] = sortableBits(values)
  return byUpperWord(low, high) ?? byBothWords(low, high)
}

/** Runs of one upper word are put in order by comparing; where one is longer, all bits are sorted by. */
const longestRun = 64

/**
 * Scores seldom share all of their upper 32 bits, so half of the passes are enough, and what is left to do lies close
 * together. Undefined where many share them.
 */
const byUpperWord = (low: Uint32Array, high: Uint32Array): Uint32Array | undefined => {
  const n = high.length
  const counts = [new Uint32Array(digits), new Uint32Array(digits), new Uint32Array(digits)] as const
  const [first, second, third] = counts
  for (let i = 0; i < n; i++) {
    const key = high[i] as number
    const [a, b, c] = [key & (digits - 1), (key >>> digitBits) & (digits - 1), key >>> (2 * digitBits)]
    first[a] = (first[a] as number) + 1
    second[b] = (second[b] as number) + 1
    third[c] = (third[c] as number) + 1
  }
  let order = new Uint32Array(n)
  let keys: Uint32Array = high
  for (let i = 0; i < n; i++) order[i] = i
  let spareOrder = new Uint32Array(n)
  for (let pass = 0; pass < counts.length; pass++) {
    const starts = counts[pass] as Uint32Array
    if (starts.includes(n)) continue
    toStarts(starts)
    // The caller's own words are only read.
    const spareKeys = new Uint32Array(n)
    const shift = pass * digitBits
    for (let i = 0; i < n; i++) {
      const key = keys[i] as number
      const digit = (key >>> shift) & (digits - 1)
      const at = starts[digit] as number
      starts[digit] = at + 1
      spareOrder[at] = order[i] as number
      spareKeys[at] = key
    }
    ;[order, spareOrder] = [spareOrder, order]
    keys = spareKeys
  }
  for (let start = 0; start < n; ) {
    let end = start + 1
    while (end < n && keys[end] === keys[start]) end++
    if (end - start > 1 && !insertByLower(order, low, start, end)) return undefined
    start = end
  }
  return order
}

/** Orders one run by its lower words, equal ones as they stand; false where it is too long for that. */
const insertByLower = (order: Uint32Array, low: Uint32Array, start: number, end: number): boolean => {
  let sorted = start + 1
  while (sorted < end && (low[order[sorted - 1] as number] as number) <= (low[order[sorted] as number] as number))
    sorted++
  if (sorted === end) return true
  if (end - start > longestRun) return false
  for (let i = sorted; i < end; i++) {
    const one = order[i] as number
    const word = low[one] as number
    let at = i
    while (at > start && (low[order[at - 1] as number] as number) > word) {
      order[at] = order[at - 1] as number
      at--
    }
    order[at] = one
  }
  return true
}

/** How often each digit comes → where the first of each goes. */
const toStarts = (counts: Uint32Array): void => {
  let start = 0
  for (let key = 0; key < counts.length; key++) {
    const count = counts[key] as number
    counts[key] = start
    start += count
  }
}

const byBothWords = (lower: Uint32Array<ArrayBuffer>, upper: Uint32Array<ArrayBuffer>): Uint32Array => {
  const n = lower.length
  let [low, high] = [lower, upper]
  let order = new Uint32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  // The keys move along with the positions, so that each pass reads from front to back.
  let spare = { order: new Uint32Array(n), low: new Uint32Array(n), high: new Uint32Array(n) }
  const counts = new Uint32Array(digits)
  for (let shift = 0; shift < 64; shift += digitBits) {
    counts.fill(0)
    for (let i = 0; i < n; i++) {
      const key = digitAt(low[i] as number, high[i] as number, shift)
      counts[key] = (counts[key] as number) + 1
    }
    if (counts.includes(n)) continue
    toStarts(counts)
    for (let i = 0; i < n; i++) {
      const key = digitAt(low[i] as number, high[i] as number, shift)
      const at = counts[key] as number
      counts[key] = at + 1
      spare.order[at] = order[i] as number
      spare.low[at] = low[i] as number
      spare.high[at] = high[i] as number
    }
    const used = { order, low, high }
    order = spare.order
    low = spare.low
    high = spare.high
    spare = used
  }
  return order
}

/** Eleven bits of a 64-bit key, from bit `shift` on. */
const digitAt = (low: number, high: number, shift: number): number => {
  if (shift >= 32) return (high >>> (shift - 32)) & (digits - 1)
  const bits = low >>> shift
  return (shift > 32 - digitBits ? bits | (high << (32 - shift)) : bits) & (digits - 1)
}

const compare = (a: number, b: number): number => {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a - b
}

/** The numbers' bits so changed that unsigned order is numeric order, as low and high words. */
const sortableBits = (
  values: Float64Array,
): readonly [low: Uint32Array<ArrayBuffer>, high: Uint32Array<ArrayBuffer>] => {
  const n = values.length
  const [low, high] = [new Uint32Array(n), new Uint32Array(n)]
  const one = new Float64Array(1)
  const words = new Uint32Array(one.buffer)
  for (let i = 0; i < n; i++) {
    // Adding 0 makes −0 equal to 0.
    one[0] = (values[i] as number) + 0
    const upper = words[1] as number
    if (Number.isNaN(one[0])) {
      low[i] = 0xffffffff
      high[i] = 0xffffffff
    } else if (upper >>> 31) {
      low[i] = ~(words[0] as number)
      high[i] = ~upper
    } else {
      low[i] = words[0] as number
      high[i] = upper | 0x80000000
    }
  }
  return [low, high]
}
