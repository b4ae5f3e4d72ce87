import { describe, expect, it } from 'vitest'
import { type Blow, makePlan, type Plan } from './plan.ts'
import type { OpenSender } from './sender.ts'

const blows: readonly Blow[] = ['kill web', 'kill worker', 'kill both', 'flush Redis', 'restart PostgreSQL']

const quiet = (name: string): OpenSender => ({
  config: {},
  next: (random, index) => ({
    sender: name,
    happenings: [{ repository: name, about: `${index} ${random()}`, outcomes: ['ignored'] }],
    send: async () => ({ kind: 'acknowledged', changes: undefined }),
  }),
  forge: (_random, index) => ({
    sender: name,
    how: `lie ${index}`,
    refusals: [401],
    send: async () => ({ kind: 'refused', status: 401 }),
  }),
})

const planOf = (changes: number, seed: number): Plan =>
  makePlan(
    [
      { weight: 3, opened: quiet('often') },
      { weight: 1, opened: quiet('seldom') },
    ],
    { changes, seed, blows },
  )

const said = ({ sendings, blows: fallen }: Plan): unknown => [
  sendings.map((sending) =>
    sending.kind === 'delivery' ? [sending.delivery.happenings[0]?.about, sending.copy] : sending.forgery.how,
  ),
  fallen,
]

describe('the plan of a soak', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(said(planOf(1_000, 7))).toEqual(said(planOf(1_000, 7)))
    expect(said(planOf(1_000, 7))).not.toEqual(said(planOf(1_000, 8)))
  })

  it('has as many sendings as were asked for, 30 % copies and 1 % forgeries among them', () => {
    const { sendings } = planOf(1_000, 1)
    expect(sendings).toHaveLength(1_000)
    expect(sendings.filter(({ kind }) => kind === 'forgery')).toHaveLength(10)
    expect(sendings.filter((one) => one.kind === 'delivery' && one.copy > 0)).toHaveLength(300)
    const originals = sendings.flatMap((one) => (one.kind === 'delivery' && one.copy === 0 ? [one.delivery] : []))
    expect(new Set(originals).size).toBe(690)
  })

  it('lets copies overtake what they copy now and then', () => {
    const { sendings } = planOf(2_000, 1)
    const first = new Map<unknown, number>()
    for (const one of sendings)
      if (one.kind === 'delivery' && !first.has(one.delivery)) first.set(one.delivery, one.copy)
    expect([...first.values()].some((copy) => copy > 0)).toBe(true)
  })

  it.each([1, 2, 3, 4, 5])('strikes in the middle of it, Redis twice and PostgreSQL once (seed %i)', (seed) => {
    const fallen = planOf(20_000, seed).blows
    expect(fallen.filter(({ blow }) => blow === 'flush Redis')).toHaveLength(2)
    expect(fallen.filter(({ blow }) => blow === 'restart PostgreSQL')).toHaveLength(1)
    for (const kill of ['kill web', 'kill worker', 'kill both'])
      expect(fallen.filter(({ blow }) => blow === kill)).toHaveLength(11)
    expect(fallen.map(({ after }) => after)).toEqual(fallen.map(({ after }) => after).sort((a, b) => a - b))
    expect(new Set(fallen.map(({ after }) => after)).size).toBe(fallen.length)
    for (const { after } of fallen) expect(after).toSatisfy((at: number) => at > 500 && at < 17_000)
  })
})
