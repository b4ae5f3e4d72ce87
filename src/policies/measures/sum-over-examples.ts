import type { Ranking } from './ranking.ts'

/** What a decision says, by its place on the ladder of a ranking. */
export interface Said {
  /** By rung, of the positives and of the negatives that stand on it. */
  readonly positiveOn: Float64Array
  readonly negativeOn: Float64Array
  /** Of the negatives below each rung, and at last of those above all. */
  readonly negativeBelow: Float64Array
}

/**
 * What the decisions about each example say together, summed from the least score up, equal ones in their order: so the
 * last bit is always the same.
 */
export const sumOverExamples = ({ places, positive, decisions }: Ranking, said: Said): Float64Array => {
  const { positiveOn, negativeOn, negativeBelow } = said
  const say = (decision: number): number => {
    const place = places[decision] as number
    if (place >= 0) return negativeBelow[place] as number
    return (positive[decision] === 1 ? positiveOn : negativeOn)[-1 - place] as number
  }
  const sums = new Float64Array(places.length / decisions)
  if (decisions === 1) {
    for (let i = 0; i < sums.length; i++) sums[i] = say(i)
    return sums
  }
  const order = new Uint32Array(decisions)
  for (let example = 0; example < sums.length; example++) {
    const first = example * decisions
    for (let k = 0; k < decisions; k++) order[k] = heightOf(places[first + k] as number) * decisions + k
    sortFew(order)
    let sum = 0
    for (let k = 0; k < decisions; k++) sum += say(first + ((order[k] as number) % decisions))
    sums[example] = sum
  }
  return sums
}

const heightOf = (place: number): number => (place >= 0 ? 2 * place : -1 - 2 * place)

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
