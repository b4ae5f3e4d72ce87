import type { Time } from '../../domain/time.ts'

export interface LocalTime {
  /** 0 Monday to 6 Sunday. */
  readonly day: number
  /** Of the day. */
  readonly minute: number
}

export type LocalTimes = (timezone: string, at: Time) => LocalTime

/** Clocks are moved at quarters of an hour of UTC, everywhere. */
const quarter = 15 * 60_000
const minutesOfDay = 1_440

/** What the clocks of zones say. Whoever asks minute by minute pays for each quarter of an hour once: to format is dear. */
export const createLocalTimes = (): LocalTimes => {
  const known = new Map<string, { readonly quarter: number; readonly time: LocalTime }>()
  return (timezone, at) => {
    const asked = Math.floor(at / quarter)
    const last = known.get(timezone)
    const { day, minute } = last?.quarter === asked ? last.time : formatted(timezone, asked * quarter)
    known.set(timezone, { quarter: asked, time: { day, minute } })
    const then = minute + Math.floor((at - asked * quarter) / 60_000)
    return then < minutesOfDay ? { day, minute: then } : { day: (day + 1) % 7, minute: then - minutesOfDay }
  }
}

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  })
  formats.set(timeZone, format)
  return format
}

const formatted = (timezone: string, at: Time): LocalTime => {
  const parts = Object.fromEntries(
    formatOf(timezone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  return { day: days.indexOf(parts['weekday'] ?? ''), minute: Number(parts['hour']) * 60 + Number(parts['minute']) }
}
