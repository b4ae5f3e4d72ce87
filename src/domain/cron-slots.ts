import type { Cron } from './cron.ts'
import type { Time } from './time.ts'
import { civilDay, clockMinute, momentOfLeap, momentsOf, runsOn } from './time-zone.ts'

const minutesOfDay = 24 * 60
const minute = 60_000

/**
 * The moments of a cron expression after `after`, up to and with `until`, in order. Where clocks are moved, a time of
 * the day that does not exist is the moment at which they are put forward, and one that comes twice counts the first
 * time only; an expression whose hours begin with `*` goes by the time that passes instead, so that it skips nothing and
 * comes in both of the hours that are shown twice.
 */
export const cronSlots = (cron: Cron, zone: string, after: Time, until: Time): readonly Time[] => {
  const slots = new Set<Time>()
  const last = Math.floor(clockMinute(zone, until) / minutesOfDay) + 1
  for (let day = Math.floor(clockMinute(zone, after) / minutesOfDay) - 1; day <= last; day++) {
    if (!isItsDay(cron, day)) continue
    for (const slot of slotsOfDay(cron, zone, day)) if (slot > after && slot <= until) slots.add(slot)
  }
  return [...slots].sort((a, b) => a - b)
}

const isItsDay = ({ days, months, weekdays, eitherDay }: Cron, number: number): boolean => {
  const { month, day, weekday } = civilDay(number)
  if (!months.includes(month)) return false
  const [byDay, byWeekday] = [days.includes(day), weekdays.includes(weekday)]
  return eitherDay ? byDay || byWeekday : byDay && byWeekday
}

const slotsOfDay = (cron: Cron, zone: string, day: number): readonly Time[] => {
  const begin = day * minutesOfDay
  const shown = cron.hours.flatMap((hour) => cron.minutes.map((past) => begin + hour * 60 + past))
  if (!runsOn(zone, begin, begin + minutesOfDay)) return shown.flatMap((one) => slotsOf(cron, zone, one))
  const [first] = momentsOf(zone, begin)
  return first === undefined ? [] : shown.map((one) => first + (one - begin) * minute)
}

const slotsOf = ({ everyHour }: Cron, zone: string, shown: number): readonly Time[] => {
  const moments = momentsOf(zone, shown)
  if (everyHour) return moments
  return moments.length === 0 ? [momentOfLeap(zone, shown)] : moments.slice(0, 1)
}
