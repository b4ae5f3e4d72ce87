import type { Random } from './random.ts'

const smallMean = 10

/** One draw of the number of hits among `trials`, each with probability `p`. */
const drawBinomial = (random: Random, trials: number, p: number): number => {
  if (trials === 0 || p <= 0) return 0
  if (p >= 1) return trials
  if (p > 0.5) return trials - drawBinomial(random, trials, 1 - p)
  return trials * p < smallMean ? byInversion(random, trials, p) : byRejection(random, trials, p)
}

const byInversion = (random: Random, trials: number, p: number): number => {
  const odds = p / (1 - p)
  for (;;) {
    let left = random.uniform()
    let chance = (1 - p) ** trials
    for (let hits = 0; hits <= trials; hits++) {
      if (left < chance) return hits
      left -= chance
      chance *= (odds * (trials - hits)) / (hits + 1)
    }
    // Rounding used up all chances: drawn again.
  }
}

/** Hörmann's transformed rejection BTRS ("The generation of binomial random variates", 1993); for `trials * p` ≥ 10. */
const byRejection = (random: Random, trials: number, p: number): number => {
  const spread = Math.sqrt(trials * p * (1 - p))
  const b = 1.15 + 2.53 * spread
  const a = -0.0873 + 0.0248 * b + 0.01 * p
  const c = trials * p + 0.5
  const accepted = 0.92 - 4.2 / b
  const alpha = (2.83 + 5.1 / b) * spread
  const odds = p / (1 - p)
  const mode = Math.floor((trials + 1) * p)
  for (;;) {
    const u = random.uniform() - 0.5
    let v = random.uniform()
    const near = 0.5 - Math.abs(u)
    const hits = Math.floor(((2 * a) / near + b) * u + c)
    if (near >= 0.07 && v <= accepted) return hits
    if (hits < 0 || hits > trials) continue
    v = Math.log((v * alpha) / (a / (near * near) + b))
    const bound =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (trials - mode + 1))) +
      (trials + 1) * Math.log((trials - mode + 1) / (trials - hits + 1)) +
      (hits + 0.5) * Math.log((odds * (trials - hits + 1)) / (hits + 1)) +
      correction(mode) +
      correction(trials - mode) -
      correction(hits) -
      correction(trials - hits)
    if (v <= bound) return hits
  }
}

const exactCorrections = [
  0.08106146679532726, 0.0413406959554093, 0.02767792568499834, 0.02079067210376509, 0.01664469118982119,
  0.01387612882307075, 0.01189670994589177, 0.01041126526197209, 0.009255462182712733, 0.008330563433362871,
]

/** What Stirling's formula leaves out of ln k!: ln k! − [ln √(2π) + (k + ½) ln(k + 1) − (k + 1)]. */
const correction = (k: number): number => {
  const exact = exactCorrections[k]
  if (exact !== undefined) return exact
  const n = k + 1
  return (1 / 12 - (1 / 360 - 1 / 1260 / (n * n)) / (n * n)) / n
}

/** Draws how often each of some outcomes comes among `trials`, into `into`; `counts` are their weights and `total` their sum. */
export const drawMultinomial = (
  random: Random,
  trials: number,
  counts: ArrayLike<number>,
  total: number,
  into: Float64Array,
): void => {
  let leftTrials = trials
  let leftWeight = total
  for (let i = 0; i < counts.length; i++) {
    const weight = counts[i] as number
    const drawn = leftWeight <= weight ? leftTrials : drawBinomial(random, leftTrials, weight / leftWeight)
    into[i] = weight === 0 ? 0 : drawn
    if (weight === 0) continue
    leftTrials -= drawn
    leftWeight -= weight
  }
}

/** Probability of at most `hits` among `trials` fair coin throws, exact up to rounding. */
export const fairBinomialCdf = (hits: number, trials: number): number => {
  if (hits < 0) return 0
  if (hits >= trials) return 1
  // In logarithms, since 2^-trials is 0 from 1,075 throws on.
  let logChance = -trials * Math.LN2
  let sum = Math.exp(logChance)
  for (let k = 1; k <= hits; k++) {
    logChance += Math.log((trials - k + 1) / k)
    sum += Math.exp(logChance)
  }
  return Math.min(1, sum)
}
