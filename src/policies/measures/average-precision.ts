import type { Area } from './influence.ts'
import type { Ranking } from './ranking.ts'
import { sumOverExamples } from './sum-over-examples.ts'

/**
 * Average precision, the area under the precision-recall curve by steps, as scikit-learn's average_precision_score: the
 * mean over the positives of the precision at their score. Parts are its derivative by the weight of each example (the
 * infinitesimal jackknife). 0 where there is no positive, as scikit-learn says; null where there is no example.
 */
export const averagePrecision = (ranking: Ranking): Area => {
  const { slots, positives, positivesOn, negativesIn, decisions } = ranking
  if (slots.length === 0) return null
  if (positives === 0) return { value: 0, parts: new Float64Array(slots.length / decisions) }

  // From the greatest score down: the precision at each rung, and how many decisions stand on it or above.
  const rungs = positivesOn.length
  const precision = new Float64Array(rungs)
  const standing = new Uint32Array(rungs)
  let found = 0
  let above = negativesIn[2 * rungs] as number
  let value = 0
  for (let rung = rungs - 1; rung >= 0; rung--) {
    const tied = positivesOn[rung] as number
    found += tied
    above += tied + (negativesIn[2 * rung + 1] as number)
    standing[rung] = above
    precision[rung] = found / above
    value += (tied * (precision[rung] as number)) / positives
    above += negativesIn[2 * rung] as number
  }
  // Upwards: the sums over all rungs at or below a decision, whose precision it takes part in.
  const ofPositive = new Float64Array(rungs)
  const ofNegative = new Float64Array(negativesIn.length)
  let gained = 0
  let lost = 0
  for (let slot = 0; slot < negativesIn.length; slot++) {
    if (slot & 1) {
      const rung = slot >> 1
      const [share, tied] = [precision[rung] as number, positivesOn[rung] as number]
      gained += (tied * (1 - share)) / (standing[rung] as number)
      lost += (tied * share) / (standing[rung] as number)
      ofPositive[rung] = (share - value + gained) / positives
    }
    ofNegative[slot] = -lost / positives
  }
  return { value, parts: sumOverExamples(ranking, ofPositive, ofNegative) }
}
