import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chargeTokens, fullBucket, isFull, type TokenBucket, takeToken } from './token-bucket.ts'

/** Steps of a clock, which may go back, and what each delivery that is let in turns out to bring besides itself. */
const steps = fc.array(
  fc.record({ pass: fc.integer({ min: -5_000, max: 30_000 }), charge: fc.integer({ min: 0, max: 50 }) }),
  { maxLength: 200 },
)
const rules = fc.record({ perMinute: fc.integer({ min: 1, max: 2_000 }) })

describe('a token bucket', () => {
  it('never lets more in than it held and gained, however the clock goes', () => {
    fc.assert(
      fc.property(rules, steps, (rule, moves) => {
        let bucket: TokenBucket = fullBucket(rule, 0)
        let now = 0
        let latest = 0
        let taken = 0
        for (const { pass, charge } of moves) {
          now += pass
          latest = Math.max(latest, now)
          const taking = takeToken(bucket, rule, now)
          bucket = taking.bucket
          if (taking.wait > 0) continue
          // What it brings besides is known only once it is in: the last one may go over by that, and no other.
          expect(taken + 1).toBeLessThanOrEqual(rule.perMinute + (latest * rule.perMinute) / 60_000)
          taken += 1 + charge
          bucket = chargeTokens(bucket, rule, charge, now)
        }
      }),
    )
  })

  it('says exactly how long to wait: then there is a token, and a moment before there is none', () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 0, max: 500 }), (rule, charge) => {
        const empty = chargeTokens(fullBucket(rule, 0), rule, rule.perMinute + charge, 0)
        const { wait } = takeToken(empty, rule, 0)
        expect(takeToken(empty, rule, wait).wait).toBe(0)
        expect(takeToken(empty, rule, wait - 1).wait).toBe(1)
      }),
    )
  })

  it('whoever asks often waits no longer for it', () => {
    fc.assert(
      fc.property(rules, fc.array(fc.nat(1_000), { maxLength: 50 }), (rule, asks) => {
        let bucket = chargeTokens(fullBucket(rule, 0), rule, rule.perMinute, 0)
        const { wait } = takeToken(bucket, rule, 0)
        let now = 0
        for (const pass of asks) {
          now = Math.min(now + pass, wait - 1)
          bucket = takeToken(bucket, rule, now).bucket
        }
        expect(takeToken(bucket, rule, wait).wait).toBe(0)
      }),
    )
  })

  it.each([
    [0, 60, 0],
    [0, 61, 1_000],
    [999, 61, 1],
    [1_000, 61, 0],
  ])('of 60 a minute, at %i ms, the %ith in a row waits %i ms', (now, nth, wait) => {
    const rule = { perMinute: 60 }
    const bucket = chargeTokens(fullBucket(rule, 0), rule, nth - 1, 0)
    expect(takeToken(bucket, rule, now).wait).toBe(wait)
  })

  it('is full again after as long as it took', () => {
    const rule = { perMinute: 60 }
    const bucket = chargeTokens(fullBucket(rule, 0), rule, 30, 0)
    expect(isFull(bucket, rule, 29_999)).toBe(false)
    expect(isFull(bucket, rule, 30_000)).toBe(true)
  })
})
