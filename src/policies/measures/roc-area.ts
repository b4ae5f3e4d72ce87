import { sortedOrder } from '../statistics/sorted-order.ts'
import type { Area } from './influence.ts'

/**
 * Decisions in the order of their scores. Several may be about one example (one for each class): decision `d` is about
 * example `d / decisions`, rounded down.
 */
export interface Ranking {
  /** Positions of the decisions, from the least score to the greatest. */
  readonly order: Uint32Array
  /** Where each group of equal scores starts in the order, and after the last one, its end. */
  readonly starts: Uint32Array
  /** 1 where a decision should say yes; in that order. */
  readonly positive: Uint8Array
  readonly positives: number
  /** How many decisions there are about each example. */
  readonly decisions: number
}

export const rank = (scores: Float64Array, positive: Uint8Array, decisions = 1): Ranking => {
  const order = sortedOrder(scores)
  const starts = new Uint32Array(order.length + 1)
  let groups = 0
  let last = Number.NaN
  for (let i = 0; i < order.length; i++) {
    const score = scores[order[i] as number] as number
    if (score !== last) starts[groups++] = i
    last = score
  }
  starts[groups] = order.length
  // Laid in that order once, so that the passes below read from front to back.
  const sorted = new Uint8Array(order.length)
  let positives = 0
  for (let i = 0; i < order.length; i++) {
    const one = positive[order[i] as number] as number
    sorted[i] = one
    positives += one
  }
  return { order, starts: starts.slice(0, groups + 1), positive: sorted, positives, decisions }
}

const hitsBetween = ({ positive }: Ranking, start: number, end: number): number => {
  let hits = 0
  for (let i = start; i < end; i++) hits += positive[i] as number
  return hits
}

/**
 * The area under the ROC curve of decisions, ties counted half, with the structural components of DeLong, DeLong and
 * Clarke-Pearson ("Comparing the areas under two or more correlated ROC curves", 1988): the sum of their squares is
 * DeLong's variance, and for two models on the same examples the sum of squared differences that of the difference.
 * Decisions about one example hang together: what they say is summed before it is squared.
 */
export const rocArea = (ranking: Ranking): Area => {
  const { order, starts, positive, positives, decisions } = ranking
  const negatives = order.length - positives
  if (positives === 0 || negatives === 0) return null
  const ofPositive = scaleOf(positives)
  const ofNegative = scaleOf(negatives)

  // The area first: the parts are distances from it.
  let area = 0
  for (let group = 0, below = 0; group + 1 < starts.length; group++) {
    const [start, end] = [starts[group] as number, starts[group + 1] as number]
    const tied = hitsBetween(ranking, start, end)
    const tiedNegatives = end - start - tied
    area += (tied * (below + tiedNegatives / 2)) / negatives
    below += tiedNegatives
  }
  area /= positives

  const parts = new Float64Array(order.length / decisions)
  let positivesBelow = 0
  let negativesBelow = 0
  for (let group = 0; group + 1 < starts.length; group++) {
    const [start, end] = [starts[group] as number, starts[group + 1] as number]
    const tied = hitsBetween(ranking, start, end)
    const tiedNegatives = end - start - tied
    // The share of the other side that a decision of this group stands right to.
    const right = ((negativesBelow + tiedNegatives / 2) / negatives - area) * ofPositive
    const wrong = ((positives - positivesBelow - tied / 2) / positives - area) * ofNegative
    for (let i = start; i < end; i++) {
      const decision = order[i] as number
      const example = decisions === 1 ? decision : Math.floor(decision / decisions)
      parts[example] = (parts[example] as number) + (positive[i] === 1 ? right : wrong)
    }
    positivesBelow += tied
    negativesBelow += tiedNegatives
  }
  return { value: area, parts }
}

const scaleOf = (count: number): number => (count < 2 ? 1 / count : 1 / Math.sqrt(count * (count - 1)))

/**
 * Average precision, the area under the precision-recall curve by steps, as scikit-learn's average_precision_score: the
 * mean over the positives of the precision at their score. Parts are its derivative by the weight of each example (the
 * infinitesimal jackknife). 0 where there is no positive, as scikit-learn says; null where there is no example.
 */
export const averagePrecision = (ranking: Ranking): Area => {
  const { order, starts, positive, positives, decisions } = ranking
  if (order.length === 0) return null
  const parts = new Float64Array(order.length / decisions)
  if (positives === 0) return { value: 0, parts }

  // From the greatest score down: the precision at each group.
  const groups = starts.length - 1
  const precision = new Float64Array(groups)
  const hits = new Uint32Array(groups)
  let found = 0
  let value = 0
  for (let group = groups - 1; group >= 0; group--) {
    const start = starts[group] as number
    const tied = hitsBetween(ranking, start, starts[group + 1] as number)
    found += tied
    hits[group] = tied
    precision[group] = found / (order.length - start)
    value += (tied * (precision[group] as number)) / positives
  }
  // Upwards: the sums over all groups at or below a decision, whose precision it takes part in.
  let gained = 0
  let lost = 0
  for (let group = 0; group < groups; group++) {
    const [start, end] = [starts[group] as number, starts[group + 1] as number]
    const share = precision[group] as number
    gained += ((hits[group] as number) * (1 - share)) / (order.length - start)
    lost += ((hits[group] as number) * share) / (order.length - start)
    const right = (share - value + gained) / positives
    const wrong = -lost / positives
    for (let i = start; i < end; i++) {
      const decision = order[i] as number
      const example = decisions === 1 ? decision : Math.floor(decision / decisions)
      parts[example] = (parts[example] as number) + (positive[i] === 1 ? right : wrong)
    }
  }
  return { value, parts }
}
