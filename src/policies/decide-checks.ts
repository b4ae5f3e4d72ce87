import type { CheckInterval, GateCheck } from '../domain/verdict.ts'
import { type Comparison, type Prepared, tolerance } from './comparisons.ts'
import { figure, shortfall, unitText } from './figures.ts'
import { holm } from './statistics/holm.ts'
import { normalQuantile } from './statistics/normal.ts'
import { bounds, pValue, type Uncertainty } from './statistics/uncertainty.ts'

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
  const raw = new Map<Prepared, { readonly meets: number; readonly misses: number }>()
  for (const { checks } of gates) for (const check of checks) if (isConfident(check)) raw.set(check, provesOf(check))
  const adjusted = new Map<Prepared, { readonly meets: number; readonly misses: number }>()
  // An advisory gate takes nothing from those that count.
  for (const advisory of [false, true]) {
    const family = gates
      .filter((gate) => gate.advisory === advisory)
      .flatMap(({ checks }) => checks.filter(isConfident))
    const [meets, misses] = (['meets', 'misses'] as const).map((claim) =>
      holm(family.map((check) => raw.get(check)?.[claim] ?? 1)),
    )
    family.forEach((check, i) => {
      adjusted.set(check, { meets: meets?.[i] ?? 1, misses: misses?.[i] ?? 1 })
    })
  }
  return gates.map(({ checks }) =>
    checks.map((check) => {
      const proves = adjusted.get(check)
      if ('settled' in check) return settledCheck(check)
      return isConfident(check) && proves !== undefined ? byProof(check, proves) : byNumber(check)
    }),
  )
}

type Confident = Comparison & { readonly confidence: number; readonly uncertainty: Uncertainty }

const isConfident = (check: Prepared): check is Confident =>
  !('settled' in check) && check.confidence !== null && check.uncertainty !== null

const provesOf = ({ uncertainty, limit }: Confident) => {
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

const byProof = (comparison: Confident, proves: { readonly meets: number; readonly misses: number }): DecidedCheck => {
  const { confidence, uncertainty, limit, value } = comparison
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
  const more = examplesNeeded(comparison, value)
  const need =
    more === null
      ? 'its number lies at the limit itself, more examples may never tell'
      : `some ${more} more examples like these would tell`
  return decided(
    comparison,
    'inconclusive',
    `${said}: too few examples to say that it is ${asked} with ${level}; ${need}`,
    interval,
  )
}

/**
 * How many more examples would decide, if the number stayed as it is: the spread shrinks with the root of their count.
 * Null where the number lies at the limit, or that is not known.
 */
const examplesNeeded = ({ uncertainty, limit, examples, confidence }: Confident, value: number): number | null => {
  const distance = Math.abs(value - limit.value)
  if (examples === null || distance < tolerance) return null
  const [low, high] = bounds(uncertainty, 0.158655)
  const spread = (high - low) / 2
  const z = normalQuantile(confidence)
  const needed = examples * ((z * spread) / distance) ** 2
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
