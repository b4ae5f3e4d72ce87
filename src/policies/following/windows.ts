import type { Time } from '../../domain/time.ts'
import type { Window } from '../language/policy.ts'
import { createLocalTimes, type LocalTime, type LocalTimes } from './local-times.ts'

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

export type ParsedWindow =
  | { readonly ok: true; readonly value: Window }
  | { readonly ok: false; readonly fault: string }

/** `Mon-Thu 09:00-16:00`, `Sat,Sun`, `22:00-06:00`: days, times, or both. */
export const parseWindow = (text: string, kind: Window['kind'], timezone: string): ParsedWindow => {
  const refuse = (fault: string): ParsedWindow => ({ ok: false, fault })
  const expected = 'expected days and times such as Mon-Thu 09:00-16:00'
  if (!isTimezone(timezone))
    return refuse(`expected a time zone such as Europe/Berlin, got ${JSON.stringify(timezone)}`)
  const parts = text.trim().split(/\s+/)
  const hours = parts.find((part) => part.includes(':'))
  const week = parts.filter((part) => part !== hours)
  if (week.length > 1 || parts.length > 2) return refuse(`${expected}, got ${JSON.stringify(text)}`)
  const chosen = week[0] === undefined ? days.map((_, day) => day) : daysOf(week[0])
  const between = hours === undefined ? ([0, 1440] as const) : minutesOf(hours)
  if (chosen === undefined || between === undefined) return refuse(`${expected}, got ${JSON.stringify(text)}`)
  return { ok: true, value: { kind, days: chosen, from: between[0], to: between[1], timezone } }
}

const isTimezone = (name: string): boolean => {
  try {
    // ICU also takes offsets such as +01:00, which know no daylight saving; they are allowed.
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** `Mon-Thu,Sat` → 0, 1, 2, 3, 5; a range may go round the end of the week. */
const daysOf = (text: string): readonly number[] | undefined => {
  const chosen = new Set<number>()
  for (const part of text.toLowerCase().split(',')) {
    const [first = '', last = first, ...more] = part.split('-')
    const [from, to] = [days.indexOf(first), days.indexOf(last)]
    if (from < 0 || to < 0 || more.length > 0) return undefined
    for (let day = from; ; day = (day + 1) % 7) {
      chosen.add(day)
      if (day === to) break
    }
  }
  return [...chosen].sort((a, b) => a - b)
}

const minutesOf = (text: string): readonly [number, number] | undefined => {
  const [, h1, m1, h2, m2] = /^(\d\d?):(\d\d)-(\d\d?):(\d\d)$/.exec(text) ?? []
  const minute = (hours: string | undefined, minutes: string | undefined): number =>
    Number(minutes) < 60 ? Number(hours) * 60 + Number(minutes) : Number.NaN
  const [from, to] = [minute(h1, m1), minute(h2, m2)]
  return from >= 0 && from < 1440 && to >= 0 && to <= 1440 && from !== to ? [from, to] : undefined
}

/** Whether a release may begin at a time, and when that is asked again; `until` is null where nothing will change it. */
export interface Opening {
  readonly open: boolean
  /** The next time at which that changes, to the minute. */
  readonly until: Time | null
}

const minute = 60_000
/** A window that comes at all comes within a week; a change of the clock may move it by hours. */
const horizon = 8 * 24 * 60

export const windowOpening = (windows: readonly Window[], at: Time): Opening => {
  const timeIn = createLocalTimes()
  const open = isOpen(windows, at, timeIn)
  if (windows.length === 0) return { open, until: null }
  const start = Math.floor(at / minute) * minute
  for (let step = 1; step <= horizon; step++) {
    const then = start + step * minute
    if (isOpen(windows, then, timeIn) !== open) return { open, until: then }
  }
  return { open, until: null }
}

/** Denied beats allowed; where no window allows, what is not denied is allowed. */
const isOpen = (windows: readonly Window[], at: Time, timeIn: LocalTimes): boolean => {
  const within = (window: Window): boolean => holds(window, timeIn(window.timezone, at))
  if (windows.some((window) => window.kind === 'deny' && within(window))) return false
  const allowing = windows.filter(({ kind }) => kind === 'allow')
  return allowing.length === 0 || allowing.some(within)
}

/** One that ends on the next day belongs to the day on which it began. */
const holds = ({ days: chosen, from, to }: Window, { day, minute: now }: LocalTime): boolean => {
  if (from < to) return chosen.includes(day) && now >= from && now < to
  return (chosen.includes(day) && now >= from) || (chosen.includes((day + 6) % 7) && now < to)
}
