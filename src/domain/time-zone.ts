import type { Duration, Time } from './time.ts'

const minute: Duration = 60_000

export const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  })
  formats.set(zone, format)
  return format
}

/** Days since 1970-01-01 in the Gregorian calendar. Years are taken to begin in March, so that leap days come last. */
const dayNumber = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const sinceMarch = (month + 9) % 12
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)
  return y * 365 + leapDays + Math.floor((153 * sinceMarch + 2) / 5) + day - 1 - 719_468
}

/** What the clocks of a zone show, as minutes since 1970-01-01 00:00 on those clocks. */
export const clockMinute = (zone: string, at: Time): number => {
  const shown: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(at)) shown[type] = Number(value)
  const { year = 1970, month = 1, day = 1, hour = 0, minute: past = 0 } = shown
  return (dayNumber(year, month, day) * 24 + hour) * 60 + past
}

/** The clocks' lead over UTC in minutes; they are moved at full minutes. */
const leadAt = (zone: string, at: Time): number => clockMinute(zone, at) - Math.floor(at / minute)

/** When the clocks show a minute: once, twice where they are put back over it, never where they are put forward. */
export const momentsOf = (zone: string, shown: number): readonly Time[] => {
  const { before, after } = leadsAround(zone, shown)
  const moments = [...new Set([before, after])].map((lead) => (shown - lead) * minute)
  return moments.filter((moment) => clockMinute(zone, moment) === shown).sort((a, b) => a - b)
}

/** Of a minute that the clocks never show: the moment at which they are put forward over it. */
export const momentOfLeap = (zone: string, shown: number): Time => {
  const { before } = leadsAround(zone, shown)
  let low = Math.floor(shown - 24 * 60)
  let high = low + 48 * 60
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (leadAt(zone, middle * minute) === before) low = middle
    else high = middle
  }
  return high * minute
}

/** True where the clocks run on from a day before these minutes to a day after. */
export const runsOn = (zone: string, from: number, to: number): boolean =>
  leadsAround(zone, from).before === leadsAround(zone, to).after

/** A day away from it either way: clocks are never moved twice in so short a time. */
const leadsAround = (zone: string, shown: number): { readonly before: number; readonly after: number } => ({
  before: leadAt(zone, (shown - 24 * 60) * minute),
  after: leadAt(zone, (shown + 24 * 60) * minute),
})

export interface CivilDay {
  readonly month: number
  readonly day: number
  /** 0 is Sunday. */
  readonly weekday: number
}

/** The inverse of `dayNumber`, without the year. */
export const civilDay = (number: number): CivilDay => {
  const shifted = number + 719_468
  const ofEra = shifted - Math.floor(shifted / 146_097) * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const sinceMarch = Math.floor((5 * ofYear + 2) / 153)
  return {
    month: ((sinceMarch + 2) % 12) + 1,
    day: ofYear - Math.floor((153 * sinceMarch + 2) / 5) + 1,
    // 1970-01-01 was a Thursday.
    weekday: (((number + 4) % 7) + 7) % 7,
  }
}
