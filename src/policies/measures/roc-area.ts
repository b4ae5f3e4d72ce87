import type { Area } from './influence.ts'

/** Walks the groups of equal score in an order, from the least score to the greatest: `[start, end)`. */
const eachTie = (scores: Float64Array, order: Uint32Array, visit: (start: number, end: number) => void): void => {
  for (let start = 0; start < order.length; ) {
    const score = scores[order[start] as number]
    let end = start + 1
    while (end < order.length && scores[order[end] as number] === score) end++
    visit(start, end)
    start = end
  }
}

/**
 * The area under the ROC curve of examples that are positive or not, ties counted half, with the structural components
 * of DeLong, DeLong and Clarke-Pearson ("Comparing the areas under two or more correlated ROC curves", 1988): the sum of
 * their squares is DeLong's variance, and for two models on the same examples the sum of squared differences that of the
 * difference. `order` sorts `scores` upwards; `positive` is 1 or 0.
 */
export const rocArea = (scores: Float64Array, positive: Uint8Array, order: Uint32Array): Area => {
  let positives = 0
  for (const one of positive) positives += one
  const negatives = positive.length - positives
  if (positives === 0 || negatives === 0) return null

  // First the share of the other side that each example stands right to, then its distance from the mean.
  const parts = new Float64Array(scores.length)
  let positivesBelow = 0
  let negativesBelow = 0
  let area = 0
  eachTie(scores, order, (start, end) => {
    let tied = 0
    for (let i = start; i < end; i++) tied += positive[order[i] as number] as number
    const tiedNegatives = end - start - tied
    const ofPositive = (negativesBelow + tiedNegatives / 2) / negatives
    const ofNegative = (positives - positivesBelow - tied + tied / 2) / positives
    for (let i = start; i < end; i++) {
      const example = order[i] as number
      parts[example] = positive[example] === 1 ? ofPositive : ofNegative
    }
    area += (tied * ofPositive) / positives
    positivesBelow += tied
    negativesBelow += tiedNegatives
  })
  const scaleOf = (count: number): number => (count < 2 ? 1 / count : 1 / Math.sqrt(count * (count - 1)))
  const ofPositive = scaleOf(positives)
  const ofNegative = scaleOf(negatives)
  for (let i = 0; i < parts.length; i++)
    parts[i] = ((parts[i] as number) - area) * (positive[i] === 1 ? ofPositive : ofNegative)
  return { value: area, parts }
}

/**
 * Average precision, the area under the precision-recall curve by steps, as scikit-learn's average_precision_score: the
 * mean over the positives of the precision at their score. Parts are its derivative by the weight of each example (the
 * infinitesimal jackknife). 0 where there is no positive, as scikit-learn says; null where there is no example.
 */
export const averagePrecision = (scores: Float64Array, positive: Uint8Array, order: Uint32Array): Area => {
  const parts = new Float64Array(scores.length)
  if (scores.length === 0) return null
  let positives = 0
  for (const one of positive) positives += one
  if (positives === 0) return { value: 0, parts }

  // From the greatest score down: the precision of each group, and what a group's precision owes to those above it.
  const starts: number[] = []
  eachTie(scores, order, (start) => starts.push(start))
  starts.push(order.length)
  const groups = starts.length - 1
  const precision = new Float64Array(groups)
  const hitsOf = new Float64Array(groups)
  const above = new Float64Array(groups)
  let hits = 0
  let taken = 0
  let value = 0
  for (let group = groups - 1; group >= 0; group--) {
    const start = starts[group] as number
    const end = starts[group + 1] as number
    let tied = 0
    for (let i = start; i < end; i++) tied += positive[order[i] as number] as number
    hits += tied
    taken += end - start
    precision[group] = hits / taken
    hitsOf[group] = tied
    above[group] = taken
    value += (tied * hits) / taken
  }
  value /= positives
  // Upwards: the sums over all groups at or below an example, whose precision it takes part in.
  let gained = 0
  let lost = 0
  for (let group = 0; group < groups; group++) {
    const share = precision[group] as number
    const tied = hitsOf[group] as number
    gained += (tied * (1 - share)) / (above[group] as number)
    lost += (tied * share) / (above[group] as number)
    for (let i = starts[group] as number; i < (starts[group + 1] as number); i++) {
      const example = order[i] as number
      parts[example] = positive[example] === 1 ? (share - value + gained) / positives : -lost / positives
    }
  }
  return { value, parts }
}
