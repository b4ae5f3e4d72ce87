import type { Area } from './influence.ts'
import type { Ranking } from './ranking.ts'
import { sumOverExamples } from './sum-over-examples.ts'

/**
 * Average precision, the area under the precision-recall curve by steps, as scikit-learn's average_precision_score: the
 * mean over the positives of the precision at their score. Parts are its derivative by the weight of each example (the
 * infinitesimal jackknife). 0 where there is no positive, as scikit-learn says; null where there is no example.
 */
export const averagePrecision = (ranking: Ranking): Area => {
  const { places, positives, positivesOn, negativesOn, negativesBelow, decisions } = ranking
  if (places.length === 0) return null
  if (positives === 0) return { value: 0, parts: new Float64Array(places.length / decisions) }
  const rungs = positivesOn.length

  // From the greatest score down: the precision at each rung, and how many decisions stand on it or above.
  const precision = new Float64Array(rungs)
  const standing = new Uint32Array(rungs)
  let found = 0
  let above = negativesBelow[rungs] as number
  let value = 0
  for (let rung = rungs - 1; rung >= 0; rung--) {
    const tied = positivesOn[rung] as number
    found += tied
    above += tied + (negativesOn[rung] as number)
    standing[rung] = above
    precision[rung] = found / above
    value += (tied * (precision[rung] as number)) / positives
    above += negativesBelow[rung] as number
  }
  // Upwards: the sums over all rungs at or below a decision, whose precision it takes part in.
  const positiveOn = new Float64Array(rungs)
  const negativeOn = new Float64Array(rungs)
  const negativeBelow = new Float64Array(rungs + 1)
  let gained = 0
  let lost = 0
  for (let rung = 0; rung < rungs; rung++) {
    const [share, tied] = [precision[rung] as number, positivesOn[rung] as number]
    gained += (tied * (1 - share)) / (standing[rung] as number)
    lost += (tied * share) / (standing[rung] as number)
    positiveOn[rung] = (share - value + gained) / positives
    negativeOn[rung] = -lost / positives
    // A negative between two rungs takes part in what lies below it, as one on the lower rung does.
    negativeBelow[rung + 1] = -lost / positives
  }
  return { value, parts: sumOverExamples(ranking, { positiveOn, negativeOn, negativeBelow }) }
}
