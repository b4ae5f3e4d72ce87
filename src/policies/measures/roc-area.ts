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
  const { places, positives, positivesOn, negativesOn, negativesBelow } = ranking
  const negatives = places.length - positives
  if (positives === 0 || negatives === 0) return null
  const rungs = positivesOn.length

  // The area first: the parts are distances from it.
  let area = 0
  for (let rung = 0, below = 0; rung < rungs; rung++) {
    const tied = negativesOn[rung] as number
    below += negativesBelow[rung] as number
    area += ((positivesOn[rung] as number) * (below + tied / 2)) / negatives
    below += tied
  }
  area /= positives

  const [scaleOfPositive, scaleOfNegative] = [scaleOf(positives), scaleOf(negatives)]
  // The share of the other side that a decision stands right to.
  const positiveOn = new Float64Array(rungs)
  const negativeOn = new Float64Array(rungs)
  const negativeBelow = new Float64Array(rungs + 1)
  let positivesUnder = 0
  let negativesUnder = 0
  for (let rung = 0; rung <= rungs; rung++) {
    negativeBelow[rung] = ((positives - positivesUnder) / positives - area) * scaleOfNegative
    negativesUnder += negativesBelow[rung] as number
    if (rung === rungs) break
    const [tied, tiedNegatives] = [positivesOn[rung] as number, negativesOn[rung] as number]
    positiveOn[rung] = ((negativesUnder + tiedNegatives / 2) / negatives - area) * scaleOfPositive
    negativeOn[rung] = ((positives - positivesUnder - tied / 2) / positives - area) * scaleOfNegative
    positivesUnder += tied
    negativesUnder += tiedNegatives
  }
  return { value: area, parts: sumOverExamples(ranking, { positiveOn, negativeOn, negativeBelow }) }
}

const scaleOf = (count: number): number => (count < 2 ? 1 / count : 1 / Math.sqrt(count * (count - 1)))
