import type { Area } from './influence.ts'
import type { Ranking } from './ranking.ts'
import { sumOverExamples } from './sum-over-examples.ts'

/**
 * The area under the ROC curve of decisions, ties counted half, with the structural components of DeLong, DeLong and
 * Clarke-Pearson ("Comparing the areas under two or more correlated ROC curves", 1988): the sum of their squares is
 * DeLong's variance, and for two models on the same examples the sum of squared differences that of the difference.
 * Decisions about one example hang together: what they say is summed before it is squared.
 */
export const rocArea = (ranking: Ranking): Area => {
  const { slots, positives, positivesOn, negativesIn } = ranking
  const negatives = slots.length - positives
  if (positives === 0 || negatives === 0) return null

  // The area first: the parts are distances from it.
  let area = 0
  for (let rung = 0, below = 0; rung < positivesOn.length; rung++) {
    const tied = negativesIn[2 * rung + 1] as number
    below += negativesIn[2 * rung] as number
    area += ((positivesOn[rung] as number) * (below + tied / 2)) / negatives
    below += tied
  }
  area /= positives

  // The share of the other side that a decision stands right to.
  const [scaleOfPositive, scaleOfNegative] = [scaleOf(positives), scaleOf(negatives)]
  const ofPositive = new Float64Array(positivesOn.length)
  const ofNegative = new Float64Array(negativesIn.length)
  let positivesBelow = 0
  let negativesBelow = 0
  for (let slot = 0; slot < negativesIn.length; slot++) {
    const rung = slot >> 1
    const [tied, tiedNegatives] = [slot & 1 ? (positivesOn[rung] as number) : 0, negativesIn[slot] as number]
    if (slot & 1) ofPositive[rung] = ((negativesBelow + tiedNegatives / 2) / negatives - area) * scaleOfPositive
    ofNegative[slot] = ((positives - positivesBelow - tied / 2) / positives - area) * scaleOfNegative
    positivesBelow += tied
    negativesBelow += tiedNegatives
  }
  return { value: area, parts: sumOverExamples(ranking, ofPositive, ofNegative) }
}

const scaleOf = (count: number): number => (count < 2 ? 1 / count : 1 / Math.sqrt(count * (count - 1)))
