const digitBits = 11
const digits = 1 << digitBits

/**
 * The positions of `values` from the least to the greatest; equal values keep their order, −0 and 0 are equal, NaN comes
 * last. A radix sort over the bits of the numbers: many times as fast as comparing positions from some thousand on.
 */
export const sortedOrder = (values: Float64Array): Uint32Array => {
  const n = values.length
  let order = new Uint32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  if (n < 256) return order.sort((a, b) => compare(values[a] as number, values[b] as number) || a - b)

  // The keys move along with the positions, so that each pass reads from front to back.
  let [low, high] = sortableBits(values)
  let spare = { order: new Uint32Array(n), low: new Uint32Array(n), high: new Uint32Array(n) }
  const counts = new Uint32Array(digits)
  for (let shift = 0; shift < 64; shift += digitBits) {
    counts.fill(0)
    for (let i = 0; i < n; i++) {
      const key = digitAt(low[i] as number, high[i] as number, shift)
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
