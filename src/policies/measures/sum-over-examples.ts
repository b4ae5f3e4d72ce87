import type { Ranking } from './ranking.ts'

/**
 * What the decisions about each example say together: a positive says `ofPositive[rung]`, a negative `ofNegative[slot]`.
 * Summed from the least score up, equal ones in their order, so that the last bit is always the same.
 */
export const sumOverExamples = (ranking: Ranking, ofPositive: Float64Array, ofNegative: Float64Array): Float64Array => {
  const { slots, positive, decisions } = ranking
  const said = (decision: number): number => {
    const slot = slots[decision] as number
    return positive[decision] === 1 ? (ofPositive[slot >>> 1] as number) : (ofNegative[slot] as number)
  }
  const sums = new Float64Array(slots.length / decisions)
  if (decisions === 1) {
    for (let i = 0; i < sums.length; i++) sums[i] = said(i)
    return sums
  }
  const order = new Uint32Array(decisions)
  for (let example = 0; example < sums.length; example++) {
    const first = example * decisions
    for (let k = 0; k < decisions; k++) order[k] = (slots[first + k] as number) * decisions + k
    sortFew(order)
    let sum = 0
    for (let k = 0; k < decisions; k++) sum += said(first + ((order[k] as number) % decisions))
    sums[example] = sum
  }
  return sums
}

/** The built-in sort costs more than it does where there is little to sort. */
const few = 32

const sortFew = (values: Uint32Array): void => {
  if (values.length > few) {
    values.sort()
    return
  }
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number
    let at = i
    for (; at > 0 && (values[at - 1] as number) > value; at--) values[at] = values[at - 1] as number
    values[at] = value
  }
}
