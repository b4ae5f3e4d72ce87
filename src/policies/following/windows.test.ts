import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Window } from '../language/policy.ts'
import { parseWindow, windowOpening } from './windows.ts'

const window = (text: string, timezone = 'UTC', kind: Window['kind'] = 'allow'): Window => {
  const parsed = parseWindow(text, kind, timezone)
  if (!parsed.ok) throw new Error(parsed.fault)
  return parsed.value
}
const at = (text: string): number => Date.parse(text)
const opening = (windows: readonly Window[], time: string): readonly [boolean, string | null] => {
  const { open, until } = windowOpening(windows, at(time))
  return [open, until === null ? null : new Date(until).toISOString()]
}

describe('a window', () => {
  // 2026-11-23 is a Monday.
  it.each([
    ['Mon-Thu 09:00-16:00', '2026-11-23T08:59:59.999Z', false, '2026-11-23T09:00:00.000Z'],
    ['Mon-Thu 09:00-16:00', '2026-11-23T09:00:00Z', true, '2026-11-23T16:00:00.000Z'],
    ['Mon-Thu 09:00-16:00', '2026-11-23T15:59:59.999Z', true, '2026-11-23T16:00:00.000Z'],
    ['Mon-Thu 09:00-16:00', '2026-11-23T16:00:00Z', false, '2026-11-24T09:00:00.000Z'],
    ['Mon-Thu 09:00-16:00', '2026-11-26T16:00:00Z', false, '2026-11-30T09:00:00.000Z'],
    ['Fri-Mon', '2026-11-23T12:00:00Z', true, '2026-11-24T00:00:00.000Z'],
    ['Sat,Sun', '2026-11-23T12:00:00Z', false, '2026-11-28T00:00:00.000Z'],
    // One that ends on the next day belongs to the day on which it began.
    ['Fri 22:00-06:00', '2026-11-28T05:59:00Z', true, '2026-11-28T06:00:00.000Z'],
    ['Fri 22:00-06:00', '2026-11-27T05:59:00Z', false, '2026-11-27T22:00:00.000Z'],
    ['22:00-06:00', '2026-11-24T23:30:00Z', true, '2026-11-25T06:00:00.000Z'],
    ['Mon 20:00-24:00', '2026-11-23T23:59:59Z', true, '2026-11-24T00:00:00.000Z'],
  ])('%s at %s is open: %s, until %s', (text, time, open, until) => {
    expect(opening([window(text)], time)).toEqual([open, until])
  })

  it('is of its own time zone', () => {
    expect(opening([window('09:00-17:00', 'Asia/Kolkata')], '2026-11-23T03:29:00Z')).toEqual([
      false,
      '2026-11-23T03:30:00.000Z',
    ])
    // Where it is Tuesday already.
    expect(opening([window('Tue', 'Pacific/Auckland')], '2026-11-23T12:00:00Z')).toEqual([
      true,
      '2026-11-24T11:00:00.000Z',
    ])
  })

  it.each([
    // Berlin loses the hour from 2 to 3 on 2026-03-29, and has it twice on 2026-10-25.
    ['09:00-10:00', '2026-03-28T12:00:00Z', false, '2026-03-29T07:00:00.000Z'],
    ['09:00-10:00', '2026-10-24T12:00:00Z', false, '2026-10-25T08:00:00.000Z'],
    ['02:00-03:00', '2026-03-28T12:00:00Z', false, '2026-03-30T00:00:00.000Z'],
    ['02:30-04:00', '2026-03-29T00:59:00Z', false, '2026-03-29T01:00:00.000Z'],
    ['02:00-03:00', '2026-10-25T00:00:00Z', true, '2026-10-25T02:00:00.000Z'],
    ['22:00-06:00', '2026-03-28T22:00:00Z', true, '2026-03-29T04:00:00.000Z'],
    ['22:00-06:00', '2026-10-24T21:00:00Z', true, '2026-10-25T05:00:00.000Z'],
  ])('%s in Berlin keeps to the clock on the wall: at %s open is %s until %s', (text, time, open, until) => {
    expect(opening([window(text, 'Europe/Berlin')], time)).toEqual([open, until])
  })
})

describe('several windows', () => {
  const office = window('Mon-Fri 09:00-17:00')
  const lunch = window('12:00-13:00', 'UTC', 'deny')

  it('of which one denies are closed, whatever the others allow', () => {
    expect(opening([office, lunch], '2026-11-23T11:59:00Z')).toEqual([true, '2026-11-23T12:00:00.000Z'])
    expect(opening([office, lunch], '2026-11-23T12:00:00Z')).toEqual([false, '2026-11-23T13:00:00.000Z'])
    expect(opening([lunch, office], '2026-11-23T12:59:59Z')).toEqual([false, '2026-11-23T13:00:00.000Z'])
  })

  it('that only deny leave the rest open', () => {
    expect(opening([lunch], '2026-11-22T13:00:00Z')).toEqual([true, '2026-11-23T12:00:00.000Z'])
  })

  it('of which none ever opens say so', () => {
    const never = window('Mon-Sun', 'UTC', 'deny')
    expect(opening([office, never], '2026-11-23T10:00:00Z')).toEqual([false, null])
    expect(opening([], '2026-11-23T10:00:00Z')).toEqual([true, null])
  })
})

it('stays as it is until the time that it says, and changes there', () => {
  const times = fc.constantFrom('09:00-16:00', '22:00-06:00', '00:00-24:00', '02:00-03:00', '23:59-00:01')
  const some = fc.record({
    days: fc.constantFrom('', 'Mon ', 'Sat,Sun ', 'Fri-Mon '),
    times,
    timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe'),
    kind: fc.constantFrom('allow' as const, 'deny' as const),
  })
  fc.assert(
    fc.property(
      fc.array(some, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: at('2026-03-01T00:00:00Z'), max: at('2026-11-30T00:00:00Z') }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (written, now, share) => {
        const windows = written.map((one) => window(`${one.days}${one.times}`, one.timezone, one.kind))
        const { open, until } = windowOpening(windows, now)
        if (until === null) return
        expect(until).toBeGreaterThan(now)
        expect(windowOpening(windows, until).open).toBe(!open)
        expect(windowOpening(windows, Math.floor(now + share * (until - 1 - now))).open).toBe(open)
      },
    ),
    { numRuns: 60 },
  )
})
