import type { CheckInterval, GateCheck } from '../../domain/verdict.ts'
import { holm } from '../statistics/holm.ts'
import { normalQuantile } from '../statistics/normal.ts'
import { bounds, pValue, type Uncertainty } from '../statistics/uncertainty.ts'
import { figure, shortfall, unitText } from '../verdicts/figures.ts'
import { type Comparison, type Prepared, tolerance } from './comparisons.ts'

export interface DecidedCheck {
  readonly check: GateCheck
  /** By how much the limit was met; what passed by the least is what is told. */
  readonly margin: number
}

/**
 * The outcome of every check of every gate. A check without confidence passes where its number meets the limit. One with
 * confidence passes where the number is proved to meet it and fails where it is proved to miss it, at the gate's level
 * and after Holm's correction over all confident gates that are held; between the two it is inconclusive.
 */
export const decideChecks = (
  gates: readonly { readonly advisory: boolean; readonly checks: readonly Prepared[] }[],
): readonly (readonly DecidedCheck[])[] => {
  const raw = new Map<Prepared, Claims>()
  for (const { checks } of gates) for (const check of checks) if (isConfident(check)) raw.set(check, provesOf(check))
  const proofs = new Map<Prepared, Proof>()
  // An advisory gate takes nothing from those that count.
  for (const advisory of [false, true]) {
    const family = gates
      .filter((gate) => gate.advisory === advisory)
      .flatMap(({ checks }) => checks.filter(isConfident))
    const adjust = (claim: keyof Claims) => holm(family.map((check) => raw.get(check)?.[claim] ?? 1))
    const [meets, misses] = [adjust('meets'), adjust('misses')]
    const openOf = (adjusted: readonly number[]): number =>
      family.filter(({ confidence }, i) => (adjusted[i] ?? 1) > 1 - confidence).length
    const open = { meets: openOf(meets), misses: openOf(misses) }
    family.forEach((check, i) => {
      const adjusted = { meets: meets[i] ?? 1, misses: misses[i] ?? 1 }
      proofs.set(check, { adjusted, raw: raw.get(check) ?? adjusted, open })
    })
  }
  return gates.map(({ checks }) =>
    checks.map((check) => {
      const proof = proofs.get(check)
      if ('settled' in check) return settledCheck(check)
      return isConfident(check) && proof !== undefined ? byProof(check, proof) : byNumber(check)
    }),
  )
}

type Confident = Comparison & { readonly confidence: number; readonly uncertainty: Uncertainty }

const isConfident = (check: Prepared): check is Confident =>
  !('settled' in check) && check.confidence !== null && check.uncertainty !== null

/** The p-values of two claims: that the limit is met, and that it is missed. */
interface Claims {
  readonly meets: number
  readonly misses: number
}

interface Proof {
  readonly raw: Claims
  /** After Holm's correction. */
  readonly adjusted: Claims
  /** How many checks of the family are not proved, by claim: of these, the next needs so many times the evidence. */
  readonly open: Claims
}

const provesOf = ({ uncertainty, limit }: Confident): Claims => {
  const [right, wrong] = limit.kind === 'atLeast' ? (['above', 'below'] as const) : (['below', 'above'] as const)
  return { meets: pValue(uncertainty, limit.value, right), misses: pValue(uncertainty, limit.value, wrong) }
}

const settledCheck = ({ settled: _, ...check }: Extract<Prepared, { settled: true }>): DecidedCheck => ({
  check: { ...check, value: null, change: null, interval: null },
  margin: 0,
})

const marginOf = ({ value, limit }: Comparison): number =>
  limit.kind === 'atLeast' ? value - limit.value : limit.value - value

const decided = (
  comparison: Comparison,
  outcome: GateCheck['outcome'],
  reason: string,
  interval: CheckInterval | null,
): DecidedCheck => {
  const { confidence: _, uncertainty: __, ...check } = comparison
  return { check: { ...check, interval, outcome, reason }, margin: marginOf(comparison) }
}

const byNumber = (comparison: Comparison): DecidedCheck => {
  const { value, limit } = comparison
  const slack = tolerance * Math.max(1, Math.abs(limit.value))
  const meets = limit.kind === 'atLeast' ? value >= limit.value - slack : value <= limit.value + slack
  return decided(
    comparison,
    meets ? 'pass' : 'fail',
    `${stated(comparison)}, ${shortfall(value, limit, unitOf(comparison))}`,
    null,
  )
}

const byProof = (comparison: Confident, proof: Proof): DecidedCheck => {
  const { confidence, uncertainty, limit } = comparison
  const proves = proof.adjusted
  const alpha = 1 - confidence
  const [low, high] = bounds(uncertainty, alpha)
  const interval: CheckInterval = { confidence, low, high, method: uncertainty.method, ...proves }
  const range = `between ${number(comparison, low)} and ${number(comparison, high)} (${uncertainty.method})`
  const said = `${stated(comparison)}, ${range}`
  const asked = `${limit.kind === 'atLeast' ? 'at least' : 'at most'} ${unitText(limit.value, unitOf(comparison))}`
  const level = `${Number((100 * confidence).toPrecision(6))} % confidence`
  // Both are claimed of a difference so small that it is none: then the limit is met.
  if (proves.meets <= alpha) return decided(comparison, 'pass', `${said}: ${asked} with ${level}`, interval)
  if (proves.misses <= alpha) return decided(comparison, 'fail', `${said}: not ${asked}, with ${level}`, interval)
  return decided(
    comparison,
    'inconclusive',
    `${said}: too few examples to say that it is ${asked} with ${level}; ${needOf(comparison, proof)}`,
    interval,
  )
}

/** What would tell, if the number stayed as it is: more resamples where these cannot show less, else more examples. */
const needOf = (comparison: Confident, { raw, open }: Proof): string => {
  const claim = raw.meets <= raw.misses ? 'meets' : 'misses'
  const allowed = (1 - comparison.confidence) / Math.max(1, open[claim])
  const { uncertainty } = comparison
  if (uncertainty.kind === 'resampled') {
    const least = 1 / (uncertainty.sorted.length + 1)
    // Two p-values are the same number though they were reckoned in two ways.
    if (raw[claim] < 1.5 * least && least > allowed)
      return `of ${open[claim]} such checks together, \`resamples: ${Math.ceil(1 / allowed)}\` would tell`
  }
  const more = examplesNeeded(comparison, raw[claim], allowed)
  return more === null
    ? 'its number lies at the limit itself, more examples may never tell'
    : `some ${more} more examples like these would tell`
}

/**
 * How many more examples would prove the claim at `allowed`: the distance from the limit, in standard errors, grows with
 * the root of their count. Null where the number lies at the limit, or that is not known.
 */
const examplesNeeded = ({ value, limit, examples }: Confident, p: number, allowed: number): number | null => {
  const distance = -normalQuantile(p)
  if (examples === null || Math.abs(value - limit.value) < tolerance || !(distance > 0)) return null
  const needed = examples * (normalQuantile(1 - allowed) / distance) ** 2
  const more = Math.max(1, Math.ceil(needed - examples))
  if (more > 1e9) return null
  // Two digits are all that such a forecast is worth.
  const scale = 10 ** Math.max(0, Math.floor(Math.log10(more)) - 1)
  return Math.ceil(more / scale) * scale
}

const subject = ({ metric, of, slice }: Comparison): string =>
  `${metric}${of === null ? '' : ` of ${of}`}${slice === null ? '' : ` where ${slice}`}`

const unitOf = ({ metric, change }: Comparison): { readonly metric: string; readonly relative: boolean } => ({
  metric,
  relative: change?.kind === 'relative',
})
const number = (comparison: Comparison, value: number): string =>
  figure(value, comparison.limit.value, unitOf(comparison))

const stated = (comparison: Comparison): string => {
  const { value, change } = comparison
  if (change === null) return `${subject(comparison)} is ${number(comparison, value)}`
  const plain = { metric: comparison.metric, relative: false }
  const sides = `${figure(change.candidate, change.reference, plain)} after ${figure(change.reference, change.candidate, plain)} of ${change.against}`
  return `${subject(comparison)} changes by ${value < 0 ? '' : '+'}${number(comparison, value)} (${sides})`
}
