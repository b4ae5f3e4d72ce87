/** When something is to happen, as cron writes it: minute, hour, day of the month, month, day of the week. */
export interface Cron {
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly days: readonly number[]
  readonly months: readonly number[]
  /** 0 is Sunday. */
  readonly weekdays: readonly number[]
  /** Both kinds of days are named, so that either will do, as cron has it since 1979. */
  readonly eitherDay: boolean
  /** The hours begin with `*`: it goes by the time that passes, and not by what the clock shows. */
  readonly everyHour: boolean
}

export type ParsedCron = { readonly ok: true; readonly value: Cron } | { readonly ok: false; readonly fault: string }

interface Field {
  readonly name: string
  readonly from: number
  readonly to: number
  /** In the order of their numbers, the first of which is `from`. */
  readonly names?: readonly string[]
}

const fields: readonly Field[] = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31 },
  {
    name: 'month',
    from: 1,
    to: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  // Sunday is 0 and 7.
  { name: 'day of the week', from: 0, to: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]

const nicknames: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
}

/** `0 3 * * 1`, `0,30 8-18 * * mon-fri`, `@daily`: five fields of numbers, names, ranges, lists and steps. */
export const parseCron = (text: string): ParsedCron => {
  const parts = (nicknames[text.trim()] ?? text).trim().split(/\s+/)
  if (parts.length !== fields.length)
    return refuse(`expected minute, hour, day, month and weekday such as 0 3 * * 1, got ${JSON.stringify(text)}`)
  const values = fields.map((field, i) => valuesOf(parts[i] ?? '', field))
  const wrong = values.indexOf(undefined)
  if (wrong >= 0) {
    const { name, from, to } = fields[wrong] as Field
    return refuse(
      `expected ${name === 'hour' ? 'an' : 'a'} ${name} from ${from} to ${to}, got ${JSON.stringify(parts[wrong])}`,
    )
  }
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = values
  const isNamed = (part: string | undefined): boolean => part?.startsWith('*') === false
  const value: Cron = {
    minutes,
    hours,
    days,
    months,
    weekdays: [...new Set((weekdays ?? []).map((day) => day % 7))].sort((a, b) => a - b),
    eitherDay: isNamed(parts[2]) && isNamed(parts[4]),
    everyHour: !isNamed(parts[1]),
  }
  return value.eitherDay || hasItsDay(value)
    ? { ok: true, value }
    : refuse(`${text} never comes: no month has that day`)
}

const refuse = (fault: string): ParsedCron => ({ ok: false, fault })

/** February has 29 days in some years. */
const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const hasItsDay = ({ days, months }: Cron): boolean =>
  months.some((month) => days.some((day) => day <= (longest[month - 1] ?? 0)))

const valuesOf = (part: string, field: Field): readonly number[] | undefined => {
  const all = new Set<number>()
  for (const item of part.toLowerCase().split(',')) {
    const [, range = '', step = '1'] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(item) ?? []
    const ends = rangeOf(range, field, item.includes('/'))
    if (ends === undefined || Number(step) === 0) return undefined
    for (let value = ends[0]; value <= ends[1]; value += Number(step)) all.add(value)
  }
  return [...all].sort((a, b) => a - b)
}

const rangeOf = (text: string, field: Field, stepped: boolean): readonly [number, number] | undefined => {
  const { from, to } = field
  if (text === '*') return [from, to]
  const [first = '', last, ...more] = text.split('-')
  const begin = numberOf(first, field)
  // `5/10` goes on to the end, as it does everywhere.
  const end = last === undefined ? (stepped ? to : begin) : numberOf(last, field)
  if (begin === undefined || end === undefined || more.length > 0 || begin > end) return undefined
  return [begin, end]
}

const numberOf = (text: string, { from, to, names = [] }: Field): number | undefined => {
  const named = names.indexOf(text)
  if (named >= 0) return from + named
  const number = /^\d{1,2}$/.test(text) ? Number(text) : -1
  return number >= from && number <= to ? number : undefined
}
