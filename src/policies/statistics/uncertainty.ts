import { fairBinomialCdf } from './binomial.ts'
import { normalCdf, normalQuantile } from './normal.ts'

/** How sure a measured value is, as plain data: from it follow bounds at any level, and the p-value of any limit. */
export type Uncertainty =
  /** An estimate that is about normal around the truth: a difference of DeLong's areas under two curves. */
  | { readonly kind: 'normal'; readonly method: string; readonly value: number; readonly standardError: number }
  /** One between 0 and 1 whose log odds are about normal: an area under a curve, which near 1 has more room below. */
  | { readonly kind: 'logit'; readonly method: string; readonly value: number; readonly standardError: number }
  /** Values of resampled examples, sorted. */
  | { readonly kind: 'resampled'; readonly method: string; readonly value: number; readonly sorted: Float64Array }
  /** A share of independent examples: Wilson's score. */
  | { readonly kind: 'proportion'; readonly method: 'Wilson'; readonly hits: number; readonly total: number }
  /**
   * The difference of two shares of the same examples: `gained` were right only with the first, `lost` only with the
   * second. McNemar's test at a difference of 0, Tango's score elsewhere.
   */
  | {
      readonly kind: 'paired'
      readonly method: 'McNemar'
      readonly gained: number
      readonly lost: number
      readonly total: number
    }

/** The two one-sided bounds, each at the confidence `1 − alpha`; together they hold the truth with `1 − 2 alpha`. */
export const bounds = (uncertainty: Uncertainty, alpha: number): readonly [low: number, high: number] => {
  switch (uncertainty.kind) {
    case 'normal': {
      const reach = normalQuantile(1 - alpha) * uncertainty.standardError
      return [uncertainty.value - reach, uncertainty.value + reach]
    }
    case 'logit': {
      const { value } = uncertainty
      const reach = normalQuantile(1 - alpha) * logitError(uncertainty)
      return [fromLogit(toLogit(value) - reach), fromLogit(toLogit(value) + reach)]
    }
    case 'resampled':
      return [quantile(uncertainty.sorted, alpha), quantile(uncertainty.sorted, 1 - alpha)]
    case 'proportion':
      return wilson(uncertainty.hits, uncertainty.total, normalQuantile(1 - alpha))
    case 'paired':
      return tango(uncertainty, normalQuantile(1 - alpha))
  }
}

/** One-sided p-value of "the truth is not above `limit`" (`side: 'above'`) or "not below it": small speaks for the side. */
export const pValue = (uncertainty: Uncertainty, limit: number, side: 'above' | 'below'): number => {
  switch (uncertainty.kind) {
    case 'normal':
      return tail(uncertainty.value - limit, uncertainty.standardError, side)
    case 'logit':
      if (!(limit > 0 && limit < 1)) return (side === 'above' ? limit <= 0 : limit >= 1) ? 0 : 1
      return tail(toLogit(uncertainty.value) - toLogit(limit), logitError(uncertainty), side)
    case 'resampled': {
      // One is added to both: chance alone never proves anything beyond the number of resamples.
      const { sorted } = uncertainty
      const beyond =
        side === 'above'
          ? countWhile(sorted, (value) => value <= limit)
          : sorted.length - countWhile(sorted, (value) => value < limit)
      return (beyond + 1) / (sorted.length + 1)
    }
    case 'proportion': {
      const { hits, total } = uncertainty
      const spread = Math.sqrt((limit * (1 - limit)) / total)
      const z = (hits / total - limit) / spread
      if (!(limit > 0 && limit < 1)) {
        const beyond = side === 'above' ? hits / total > limit : hits / total < limit
        return beyond ? 0 : 1
      }
      return normalCdf(side === 'above' ? -z : z)
    }
    case 'paired': {
      const { gained, lost } = uncertainty
      if (limit === 0) return fairBinomialCdf(side === 'above' ? lost : gained, gained + lost)
      const z = tangoScore(uncertainty, limit)
      return normalCdf(side === 'above' ? -z : z)
    }
  }
}

/** One-sided p-value of a distance that is about normal. */
const tail = (distance: number, standardError: number, side: 'above' | 'below'): number => {
  const z = standardError === 0 ? Math.sign(distance) * Number.POSITIVE_INFINITY : distance / standardError
  if (Number.isNaN(z)) return 1
  return normalCdf(side === 'above' ? -z : z)
}

const toLogit = (share: number): number => Math.log(share / (1 - share))
const fromLogit = (logit: number): number => 1 / (1 + Math.exp(-logit))
/** The delta method: the slope of the log odds is 1 / (p (1 − p)). */
const logitError = ({ value, standardError }: { value: number; standardError: number }): number =>
  standardError / (value * (1 - value))

/** Linear between the values that are there, as numpy's default does. */
const quantile = (sorted: Float64Array, share: number): number => {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const low = sorted[below] as number
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return low + (at - below) * (high - low)
}

/** How many, from the least on, are so: `isSo` holds for none after the first for which it does not. */
const countWhile = (sorted: Float64Array, isSo: (value: number) => boolean): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isSo(sorted[middle] as number)) low = middle + 1
    else high = middle
  }
  return low
}

/** Wilson's interval ("Probable inference, the law of succession, and statistical inference", 1927). */
const wilson = (hits: number, total: number, z: number): readonly [number, number] => {
  const share = hits / total
  const centre = (share + (z * z) / (2 * total)) / (1 + (z * z) / total)
  const reach = (z / (1 + (z * z) / total)) * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total))
  // Rounding must not move a bound off an edge that it lies on.
  return [hits === 0 ? 0 : Math.max(0, centre - reach), hits === total ? 1 : Math.min(1, centre + reach)]
}

type Paired = Extract<Uncertainty, { kind: 'paired' }>

/**
 * Tango's score for a difference `delta` of paired shares ("Equivalence test and confidence interval for the difference
 * in proportions for the paired-sample design", 1998).
 */
const tangoScore = ({ gained, lost, total }: Paired, delta: number): number => {
  const a = 2 * total
  const b = -gained - lost + (2 * total - gained + lost) * delta
  const c = -lost * delta * (1 - delta)
  const q = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a)
  const variance = total * (2 * q + delta * (1 - delta))
  const distance = gained - lost - total * delta
  if (!(variance > 0)) return distance === 0 ? 0 : Math.sign(distance) * Number.POSITIVE_INFINITY
  return distance / Math.sqrt(variance)
}

/** The differences whose score is just `z` away: the score falls as the difference grows, so halving finds them. */
const tango = (paired: Paired, z: number): readonly [number, number] => {
  const estimate = (paired.gained - paired.lost) / paired.total
  const between = (from: number, to: number, wanted: number): number => {
    let low = from
    let high = to
    for (let i = 0; i < 80; i++) {
      const middle = (low + high) / 2
      if (tangoScore(paired, middle) > wanted) low = middle
      else high = middle
    }
    return (low + high) / 2
  }
  return [between(-1, estimate, z), between(estimate, 1, -z)]
}
