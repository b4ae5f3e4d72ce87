import type { GateCheck } from '../../domain/verdict.ts'
import type { Unit } from '../language/limit-text.ts'
import { findMetric } from '../language/metrics.ts'

const fewestDecimals = 3
const mostDecimals = 12

/** What a number is of: a metric, or a relative change of it. */
export interface FigureOf {
  readonly metric: string
  readonly relative: boolean
}

interface Scale {
  readonly factor: number
  readonly suffix: string
}

const scales: Readonly<Partial<Record<Unit, Scale>>> = {
  milliseconds: { factor: 1, suffix: ' ms' },
  bytes: { factor: 1e-6, suffix: ' MB' },
  perSecond: { factor: 1, suffix: '/s' },
  percent: { factor: 1, suffix: ' %' },
}
const plain: Scale = { factor: 1, suffix: '' }

const scaleOf = (of: FigureOf | undefined): Scale => {
  if (of === undefined) return plain
  if (of.relative) return { factor: 100, suffix: ' %' }
  return scales[findMetric(of.metric)?.unit ?? 'number'] ?? plain
}

/** A measured number with as many decimals (3 at least, none for counts) as it takes to tell it from the limit. */
export const figure = (value: number, limit: number, of?: FigureOf): string => {
  const { factor, suffix } = scaleOf(of)
  const [scaled, edge] = [value * factor, limit * factor]
  const whole = of !== undefined && !of.relative && findMetric(of.metric)?.unit === 'count' && Number.isInteger(value)
  return `${whole ? String(value) : scaled.toFixed(decimalsFor(scaled, edge))}${suffix}`
}

/** A limit as people write it: `0.9`, `50 ms`, `-0.5 %`. */
export const unitText = (limit: number, of?: FigureOf): string => {
  const { factor, suffix } = scaleOf(of)
  return `${Number((limit * factor).toPrecision(12))}${suffix}`
}

/** `0.850 below the 0.85 that is asked`, `0.043 above …`, `exactly …`. */
export const shortfall = (value: number, { kind, value: limit }: GateCheck['limit'], of?: FigureOf): string => {
  const edge = unitText(limit, of)
  const asked = kind === 'atLeast' ? `the ${edge} that is asked` : `the ${edge} that is allowed`
  const { factor, suffix } = scaleOf(of)
  const difference = Math.abs(value - limit) * factor
  const text = difference.toFixed(decimalsFor(value * factor, limit * factor))
  if (Number(text) === 0) return `exactly ${asked}`
  return `${text}${suffix} ${value < limit ? 'below' : 'above'} ${asked}`
}

const decimalsFor = (value: number, limit: number): number => {
  const difference = Math.abs(value - limit)
  for (let decimals = fewestDecimals; decimals <= mostDecimals; decimals++)
    if (Number(difference.toFixed(decimals)) > 0) return decimals
  return fewestDecimals
}
