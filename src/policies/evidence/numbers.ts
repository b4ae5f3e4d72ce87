import type { Json } from '../../domain/json.ts'

/** A finite number, also from a text that holds nothing but one (components write `json.dumps` into metadata). */
export const numberOf = (value: Json | undefined): number | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || !/^\s*"?-?\d+(\.\d+)?([eE][-+]?\d+)?"?\s*$/.test(value)) return undefined
  const number = Number(value.trim().replace(/^"|"$/g, ''))
  return Number.isFinite(number) ? number : undefined
}

/** The value of a JSON text; anything else as it is. */
export const parsedText = (value: Json | undefined): Json | undefined => {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return JSON.parse(value) as Json
  } catch {
    return value
  }
}
