/** The standard normal distribution. */

/**
 * Probability of a value up to `z`, to about 1e-15: Marsaglia's series near 0 ("Evaluating the Normal Distribution",
 * 2004), the continued fraction of the tail beyond it.
 */
export const normalCdf = (z: number): number => {
  if (Number.isNaN(z)) return Number.NaN
  if (z < -38) return 0
  if (z > 38) return 1
  if (Math.abs(z) > 5) {
    const upper = upperTail(Math.abs(z))
    return z > 0 ? 1 - upper : upper
  }
  let sum = z
  let term = z
  for (let i = 3, last = 0; sum !== last; i += 2) {
    last = sum
    term *= (z * z) / i
    sum += term
  }
  return 0.5 + sum * density(z)
}

const density = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)

/** Laplace's continued fraction, evaluated from its end; `z` is above 5. */
const upperTail = (z: number): number => {
  let fraction = z
  for (let i = 100; i >= 1; i--) fraction = z + i / fraction
  return density(z) / fraction
}

/** The value below which a share `p` of the distribution lies; −∞ for 0 and ∞ for 1. */
export const normalQuantile = (p: number): number => {
  if (!(p >= 0 && p <= 1)) return Number.NaN
  if (p === 0) return Number.NEGATIVE_INFINITY
  if (p === 1) return Number.POSITIVE_INFINITY
  // By symmetry from the nearer tail, where a probability has its digits.
  if (p > 0.5) return -lowerQuantile(1 - p)
  return lowerQuantile(p)
}

/** Newton's method with Halley's correction, from Abramowitz and Stegun's formula 26.2.23 (error below 4.5e-4). */
const lowerQuantile = (p: number): number => {
  if (p === 0.5) return 0
  const t = Math.sqrt(-2 * Math.log(p))
  let z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))))
  for (let i = 0; i < 4; i++) {
    const error = (normalCdf(z) - p) / density(z)
    z -= error / (1 + (z * error) / 2)
  }
  return z
}
