import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createLocalTimes } from './local-times.ts'

const zones = Intl.supportedValuesOf('timeZone')
const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

it('says what a clock there says at each minute, also where clocks are moved, whoever asked before', () => {
  const moments = fc.integer({ min: Date.UTC(2020), max: Date.UTC(2035) })
  const hours = fc.array(fc.integer({ min: 0, max: 3 * 60 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.constantFrom(...zones), moments, hours, (timeZone, start, offsets) => {
      const timeIn = createLocalTimes()
      const clock = new Intl.DateTimeFormat('en-GB', {
        ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
      })
      for (const offset of offsets) {
        const at = start + offset * 60_000
        const { day, minute } = timeIn(timeZone, at)
        const [hour, past] = [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0'))
        expect(`${days[day]} ${hour}:${past}`).toBe(clock.format(at).replace(',', ''))
      }
    }),
    { numRuns: 300 },
  )
})

it.each([
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['America/St_Johns', '2026-11-01T04:30:00Z'],
  ['Asia/Kathmandu', '2026-01-01T18:15:00Z'],
])('of %s around %s', (timeZone, moment) => {
  const timeIn = createLocalTimes()
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  for (let step = -90; step <= 90; step++) {
    const at = Date.parse(moment) + step * 60_000
    const { minute } = timeIn(timeZone, at)
    const text = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
    expect(text).toBe(clock.format(at))
  }
})
