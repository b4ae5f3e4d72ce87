import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Cron, parseCron } from './cron.ts'
import { cronSlots } from './cron-slots.ts'
import { formatTime, type Time } from './time.ts'

const cron = (text: string): Cron => {
  const parsed = parseCron(text)
  if (!parsed.ok) throw new Error(parsed.fault)
  return parsed.value
}
const at = (text: string): Time => Date.parse(text)
const slots = (text: string, zone: string, after: string, until: string): readonly string[] =>
  cronSlots(cron(text), zone, at(after), at(until)).map((slot) => formatTime(slot).slice(0, 16))

describe('a cron expression', () => {
  it.each([
    ['', 'expected minute, hour, day, month and weekday such as 0 3 * * 1, got ""'],
    ['0 3 * *', 'expected minute, hour, day, month and weekday such as 0 3 * * 1, got "0 3 * *"'],
    ['0 0 3 * * 1', 'expected minute, hour, day, month and weekday such as 0 3 * * 1, got "0 0 3 * * 1"'],
    ['60 3 * * 1', 'expected a minute from 0 to 59, got "60"'],
    ['-1 3 * * 1', 'expected a minute from 0 to 59, got "-1"'],
    ['*/0 3 * * 1', 'expected a minute from 0 to 59, got "*/0"'],
    ['0 24 * * *', 'expected an hour from 0 to 23, got "24"'],
    ['0 3 0 * *', 'expected a day of the month from 1 to 31, got "0"'],
    ['0 3 * 13 *', 'expected a month from 1 to 12, got "13"'],
    ['0 3 * * 8', 'expected a day of the week from 0 to 7, got "8"'],
    ['0 3 * * fri-mon', 'expected a day of the week from 0 to 7, got "fri-mon"'],
    ['0 3 * * mon#1', 'expected a day of the week from 0 to 7, got "mon#1"'],
    ['0 3 ? * *', 'expected a day of the month from 1 to 31, got "?"'],
    ['0,, 3 * * *', 'expected a minute from 0 to 59, got "0,,"'],
    ['0 3 30 2 *', '0 3 30 2 * never comes: no month has that day'],
    ['0 3 31 4,6 *', '0 3 31 4,6 * never comes: no month has that day'],
    ['@reboot', 'expected minute, hour, day, month and weekday such as 0 3 * * 1, got "@reboot"'],
  ])('%j is refused', (text, fault) => {
    expect(parseCron(text)).toEqual({ ok: false, fault })
  })

  it.each([
    ['0 3 * * 1', '0 3 * * mon'],
    ['0 3 * * 7', '0 3 * * sun'],
    ['0 0 * * 0', '@weekly'],
    ['5/20 * * * *', '5,25,45 * * * *'],
    [' 0   0-6/2 1 JAN,Mar * ', '0 0,2,4,6 1 1,3 *'],
  ])('%j is %j', (a, b) => {
    expect({ ...cron(a), everyHour: null }).toEqual({ ...cron(b), everyHour: null })
  })

  it('takes the day of the month or that of the week where both are named', () => {
    expect(slots('0 0 13 * fri', 'UTC', '2026-03-01', '2026-03-20T23:00:00Z')).toEqual([
      '2026-03-06T00:00',
      '2026-03-13T00:00',
      '2026-03-20T00:00',
    ])
    expect(slots('0 0 13 * *', 'UTC', '2026-03-01', '2026-04-30')).toEqual(['2026-03-13T00:00', '2026-04-13T00:00'])
  })

  it('waits for a leap year', () => {
    expect(slots('0 12 29 2 *', 'UTC', '2026-01-01', '2032-12-31')).toEqual(['2028-02-29T12:00', '2032-02-29T12:00'])
  })

  it('is of the time after the one and up to the other', () => {
    expect(slots('*/30 * * * *', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z')).toEqual([
      '2026-01-01T00:30',
      '2026-01-01T01:00',
    ])
  })
})

describe('where clocks are moved', () => {
  // In Berlin 02:00 becomes 03:00 on 2026-03-29 (01:00 UTC), and 03:00 becomes 02:00 on 2026-10-25 (01:00 UTC).
  const march = ['Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z'] as const
  const october = ['Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z'] as const

  it('a time that does not exist is the moment at which they are put forward', () => {
    expect(slots('30 2 * * *', ...march)).toEqual(['2026-03-29T01:00'])
    expect(slots('0,15,30 2 * * *', ...march)).toEqual(['2026-03-29T01:00'])
    expect(slots('30 2,3 * * *', ...march)).toEqual(['2026-03-29T01:00', '2026-03-29T01:30'])
    expect(slots('0 2,3 * * *', ...march)).toEqual(['2026-03-29T01:00'])
  })

  it('a time that comes twice counts the first time', () => {
    expect(slots('30 2 * * *', ...october)).toEqual(['2026-10-25T00:30'])
    expect(slots('30 2,3 * * *', ...october)).toEqual(['2026-10-25T00:30', '2026-10-25T02:30'])
  })

  it('every hour is every hour that passes', () => {
    const hours = (days: readonly string[]) => days.map((day) => day.slice(8))
    const from = (zone: string, day: string) => [zone, `${day}T00:00:00Z`, `${day}T04:00:00Z`] as const
    expect(hours(slots('30 * * * *', ...from('Europe/Berlin', '2026-03-29')))).toEqual([
      '29T00:30',
      '29T01:30',
      '29T02:30',
      '29T03:30',
    ])
    expect(hours(slots('30 * * * *', ...from('Europe/Berlin', '2026-10-25')))).toEqual([
      '25T00:30',
      '25T01:30',
      '25T02:30',
      '25T03:30',
    ])
  })

  it('a day that was left out is the moment after it', () => {
    // Samoa went from 29 to 31 December 2011 (10:00 UTC on the 30th).
    expect(slots('0 9 30 12 *', 'Pacific/Apia', '2011-12-28', '2012-01-02')).toEqual(['2011-12-30T10:00'])
  })

  const number = (from: number, to: number) => fc.integer({ min: from, max: to }).map(String)
  const list = (from: number, to: number) =>
    fc.array(number(from, to), { minLength: 1, maxLength: 3 }).map((all) => all.join(','))
  const step = (to: number) => fc.integer({ min: 1, max: to }).map((by) => `*/${by}`)
  const anyCron = fc
    .tuple(
      fc.oneof(list(0, 59), step(40)),
      fc.oneof(list(0, 4), list(0, 23), step(6), fc.constant('*'), fc.constant('*')),
      fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: list(1, 31) }),
      fc.oneof({ weight: 6, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: list(1, 12) }),
      fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, { weight: 1, arbitrary: list(0, 7) }),
    )
    .map((parts) => parts.join(' '))
  // Clocks are moved near each of these.
  const anyPlace = fc.constantFrom(
    ['Europe/Berlin', '2026-03-28T00:00:00Z'],
    ['Europe/Berlin', '2026-10-24T00:00:00Z'],
    ['America/St_Johns', '2026-03-07T12:00:00Z'],
    ['America/St_Johns', '2006-10-28T12:00:00Z'],
    ['America/Santiago', '2026-04-04T00:00:00Z'],
    ['America/Sao_Paulo', '2018-11-03T00:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T00:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T00:00:00Z'],
    ['Pacific/Apia', '2011-12-29T00:00:00Z'],
    ['Asia/Kathmandu', '2026-02-28T00:00:00Z'],
    ['UTC', '2028-02-28T00:00:00Z'],
  )

  it('it says what looking at the clock each minute says', () => {
    fc.assert(
      fc.property(anyCron, anyPlace, fc.integer({ min: 0, max: 2_000 }), (text, [zone, start], skipped) => {
        const parsed = parseCron(text)
        fc.pre(parsed.ok)
        const after = at(start as string) + skipped * 60_000
        const until = after + 2 * 86_400_000
        expect(cronSlots(cron(text), zone as string, after, until)).toEqual(
          byTheMinute(text, zone as string, after, until),
        )
      }),
      { numRuns: 60 },
    )
  }, 30_000)
})

/** Looks at the clock each minute, from well before, so that it knows what was shown already. */
const byTheMinute = (text: string, zone: string, after: Time, until: Time): readonly Time[] => {
  const [minutes, hours, days, months, weekdays] = text.split(' ') as [string, string, string, string, string]
  const holds = (field: string, value: number, first = 0): boolean =>
    field.split(',').some((item) => {
      if (item.startsWith('*/')) return (value - first) % Number(item.slice(2)) === 0
      return item === '*' || Number(item) === value
    })
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
    hourCycle: 'h23',
  })
  const shownAt = (moment: Time): number => {
    const [, day, month, year, hour, minute] = (/(\d+)\/(\d+)\/(\d+), (\d+):(\d+)/.exec(format.format(moment)) ??
      []) as unknown as number[]
    return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute))
  }
  const matches = (shown: number): boolean => {
    const clock = new Date(shown)
    const weekday = clock.getUTCDay()
    const isDay = holds(days, clock.getUTCDate(), 1)
    const isWeekday = holds(weekdays, weekday) || (weekday === 0 && holds(weekdays, 7))
    return (
      holds(minutes, clock.getUTCMinutes()) &&
      holds(hours, clock.getUTCHours()) &&
      holds(months, clock.getUTCMonth() + 1, 1) &&
      (days !== '*' && weekdays !== '*' ? isDay || isWeekday : isDay && isWeekday)
    )
  }
  const found: Time[] = []
  let latest = -Infinity
  for (let moment = after - 2 * 86_400_000; moment <= until; moment += 60_000) {
    const shown = shownAt(moment)
    let comes = matches(shown)
    if (!hours.startsWith('*')) {
      comes &&= shown > latest
      if (latest > -Infinity) for (let left = latest + 60_000; left < shown; left += 60_000) comes ||= matches(left)
    }
    latest = Math.max(latest, shown)
    if (comes && moment > after) found.push(moment)
  }
  return found
}
