import { parseDuration } from '../../domain/time.ts'

/** What the numbers of a metric are counted in. */
export type Unit = 'share' | 'number' | 'milliseconds' | 'bytes' | 'perSecond' | 'count' | 'percent'

export type ParsedLimit =
  | { readonly ok: true; readonly value: number; readonly relative: boolean }
  | { readonly ok: false; readonly expected: string }

const sizes: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

const expectedOf: Readonly<Record<Unit, string>> = {
  share: 'a number',
  number: 'a number',
  count: 'a number',
  percent: 'a number',
  milliseconds: 'a duration such as 50ms or 1.5s, or a number of milliseconds',
  bytes: 'a size such as 20MB, or a number of bytes',
  perSecond: 'a number a second, such as 100/s',
}

/**
 * A limit as it is written. Numbers stand for themselves; `50ms` and `20MB` are what they say; a percentage is a
 * relative change, where a change is asked for at all.
 */
export const parseLimit = (written: number | string, unit: Unit, isChange: boolean): ParsedLimit => {
  const expected = isChange ? `${expectedOf[unit]}, or a percentage for a relative change` : expectedOf[unit]
  if (typeof written === 'number')
    return Number.isFinite(written) ? { ok: true, value: written, relative: false } : { ok: false, expected }
  const text = written.trim()
  const percent = /^([+-]?\d+(?:\.\d+)?)\s*%$/.exec(text)
  if (percent !== null && isChange) return { ok: true, value: Number(percent[1]) / 100, relative: true }
  const value = unitValue(text, unit)
  return value === undefined ? { ok: false, expected } : { ok: true, value, relative: false }
}

const unitValue = (text: string, unit: Unit): number | undefined => {
  const negative = text.startsWith('-')
  const bare = text.replace(/^[+-]/, '')
  const sign = (value: number | undefined): number | undefined =>
    value === undefined ? undefined : negative ? -value : value
  switch (unit) {
    case 'milliseconds':
      return sign(parseDuration(bare))
    case 'bytes': {
      const parts = /^(\d+(?:\.\d+)?)\s*([kKMG]i?B|B)$/.exec(bare)
      const size = parts === null ? undefined : sizes[parts[2] as string]
      return size === undefined ? undefined : sign(Number(parts?.[1]) * size)
    }
    case 'perSecond': {
      const parts = /^(\d+(?:\.\d+)?)\s*\/\s*s$/.exec(bare)
      return parts === null ? undefined : sign(Number(parts[1]))
    }
    default:
      return undefined
  }
}
