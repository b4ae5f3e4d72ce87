import type { ClassPredictions, NumberPredictions } from '../predictions/predictions.ts'

/** A measure that is a function of sums over the examples, such as a mean or a ratio of means. */
export interface SumMeasure<P> {
  readonly width: number
  /** Adds what an example adds to the sums, which are the `width` numbers of `into` from `at` on. */
  readonly adderOf: (predictions: P) => (example: number, into: Float64Array, at: number) => void
  /** The measure from the sums over `count` examples; NaN where it is not defined. */
  readonly of: (sums: Float64Array, count: number) => number
}

const meanOf = (sums: Float64Array, count: number): number => (sums[0] as number) / count

const mean = <P extends { readonly rows: number }>(
  each: (predictions: P, example: number) => number,
): SumMeasure<P> => {
  // Worked out once: the same examples are summed for the value, its interval and the interval of its change.
  const known = new WeakMap<P, Float64Array>()
  const valuesOf = (predictions: P): Float64Array => {
    const values = new Float64Array(predictions.rows)
    for (let example = 0; example < values.length; example++) values[example] = each(predictions, example)
    known.set(predictions, values)
    return values
  }
  return {
    width: 1,
    adderOf: (predictions) => {
      const values = known.get(predictions) ?? valuesOf(predictions)
      return (example, into, at) => {
        into[at] = (into[at] as number) + (values[example] as number)
      }
    },
    of: meanOf,
  }
}

/** scikit-learn clips probabilities here, so that one sure and wrong answer costs 36, not infinity. */
const leastProbability = Number.EPSILON

const scoreOf = ({ scores, classes }: ClassPredictions, example: number, of: number): number =>
  (scores as Float64Array)[example * classes.length + of] as number

/** Mean negative logarithm of the probability that the true class was given; scikit-learn's log_loss. */
export const logLoss = mean<ClassPredictions>((predictions, example) => {
  const given = scoreOf(predictions, example, predictions.truth[example] as number)
  return -Math.log(Math.min(1 - leastProbability, Math.max(leastProbability, given)))
})

/**
 * Mean squared distance of the probabilities from the truth, summed over the classes; for two classes half of it. As
 * scikit-learn's brier_score_loss.
 */
export const brier = mean<ClassPredictions>((predictions, example) => {
  const { classes, truth } = predictions
  let sum = 0
  for (let k = 0; k < classes.length; k++)
    sum += (scoreOf(predictions, example, k) - (truth[example] === k ? 1 : 0)) ** 2
  return classes.length === 2 ? sum / 2 : sum
})

/** The log loss of one class against the rest. */
export const logLossOf = (of: number): SumMeasure<ClassPredictions> =>
  mean((predictions, example) => {
    const given = scoreOf(predictions, example, of)
    const right = predictions.truth[example] === of ? given : 1 - given
    return -Math.log(Math.min(1 - leastProbability, Math.max(leastProbability, right)))
  })

const bins = 10

/**
 * Expected calibration error (Guo et al., "On calibration of modern neural networks", 2017): the mean distance, over ten
 * bins of equal width of the decided class's probability, between that probability and the share that was right.
 */
export const calibrationError: SumMeasure<ClassPredictions> = {
  width: bins,
  adderOf: (predictions) => (example, into, at) => {
    const decided = predictions.predicted[example] as number
    const given = scoreOf(predictions, example, decided)
    // Bins are closed above, (0.1, 0.2], as in the paper; the first takes 0 too.
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(given * bins) - 1))
    const gap = given - (predictions.truth[example] === decided ? 1 : 0)
    into[at + bin] = (into[at + bin] as number) + gap
  },
  of: (sums, count) => {
    let error = 0
    for (let k = 0; k < bins; k++) error += Math.abs(sums[k] as number)
    return error / count
  },
}

const residual = ({ truth, predicted }: NumberPredictions, example: number): number =>
  (truth[example] as number) - (predicted[example] as number)

export const mae = mean<NumberPredictions>((predictions, example) => Math.abs(residual(predictions, example)))

const rootOfMean = (
  each: (predictions: NumberPredictions, example: number) => number,
): SumMeasure<NumberPredictions> => ({
  ...mean(each),
  of: (sums, count) => Math.sqrt(meanOf(sums, count)),
})

export const rmse = rootOfMean((predictions, example) => residual(predictions, example) ** 2)

/** Not defined where a value is at or below −1, as in scikit-learn. */
export const rmsle = rootOfMean(({ truth, predicted }, example) => {
  const [y, z] = [truth[example] as number, predicted[example] as number]
  return y <= -1 || z <= -1 ? Number.NaN : (Math.log1p(y) - Math.log1p(z)) ** 2
})

/** In percent, as Vertex AI gives it: a hundred times scikit-learn's mean_absolute_percentage_error. */
export const mape = mean<NumberPredictions>(
  (predictions, example) =>
    (100 * Math.abs(residual(predictions, example))) /
    Math.max(Number.EPSILON, Math.abs(predictions.truth[example] as number)),
)

/** The sum of absolute errors in percent of the sum of absolute true values. */
export const wape: SumMeasure<NumberPredictions> = {
  width: 2,
  adderOf: (predictions) => (example, into, at) => {
    into[at] = (into[at] as number) + Math.abs(residual(predictions, example))
    into[at + 1] = (into[at + 1] as number) + Math.abs(predictions.truth[example] as number)
  },
  of: (sums) => (sums[1] === 0 ? Number.NaN : (100 * (sums[0] as number)) / (sums[1] as number)),
}

/**
 * Share of the variance that is explained. A truth that never varies gives 1 where it is met and 0 elsewhere; one example
 * gives nothing: as scikit-learn's r2_score. `around` is any number near the mean, which keeps the digits.
 */
export const rSquared = (around: number): SumMeasure<NumberPredictions> => ({
  width: 3,
  adderOf: (predictions) => (example, into, at) => {
    const distance = (predictions.truth[example] as number) - around
    into[at] = (into[at] as number) + residual(predictions, example) ** 2
    into[at + 1] = (into[at + 1] as number) + distance
    into[at + 2] = (into[at + 2] as number) + distance * distance
  },
  of: (sums, count) => {
    if (count < 2) return Number.NaN
    const unexplained = sums[0] as number
    const total = (sums[2] as number) - (sums[1] as number) ** 2 / count
    if (total <= 1e-12 * (sums[2] as number)) return unexplained === 0 ? 1 : 0
    return 1 - unexplained / total
  },
})

/** Mean pinball loss of one quantile, scikit-learn's mean_pinball_loss with that alpha. */
const pinball = (quantile: number, error: number): number => (error >= 0 ? quantile * error : (quantile - 1) * error)

/** Over all quantiles that were predicted, or over the one at `of`. */
export const quantileLoss = (of?: number): SumMeasure<NumberPredictions> =>
  mean(({ truth, quantiles }, example) => {
    const asked = of === undefined ? quantiles : [quantiles[of] as (typeof quantiles)[number]]
    let sum = 0
    for (const { quantile, predicted } of asked)
      sum += pinball(quantile, (truth[example] as number) - (predicted[example] as number))
    return sum / asked.length
  })
