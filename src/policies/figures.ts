import type { GateCheck } from '../domain/verdict.ts'

const fewestDecimals = 3
const mostDecimals = 12

/** A measured number with as many decimals (3 at least) as it takes to tell it from the limit. */
export const figure = (value: number, limit: number): string => value.toFixed(decimalsFor(value, limit))

/** `0.850 below the 0.85 that is asked`, `0.043 above …`, `exactly …`. */
export const shortfall = (value: number, { kind, value: limit }: GateCheck['limit']): string => {
  const asked = kind === 'atLeast' ? `the ${limit} that is asked` : `the ${limit} that is allowed`
  const difference = Math.abs(value - limit)
  const text = difference.toFixed(decimalsFor(value, limit))
  if (Number(text) === 0) return `exactly ${asked}`
  return `${text} ${value < limit ? 'below' : 'above'} ${asked}`
}

const decimalsFor = (value: number, limit: number): number => {
  const difference = Math.abs(value - limit)
  for (let decimals = fewestDecimals; decimals <= mostDecimals; decimals++)
    if (Number(difference.toFixed(decimals)) > 0) return decimals
  return fewestDecimals
}
