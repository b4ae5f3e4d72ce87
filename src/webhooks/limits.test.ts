import { describe, expect, it } from 'vitest'
import { createLimits } from './limits.ts'

describe('the limits of a process', () => {
  it('are each signer’s own, and each address’s own', () => {
    const limits = createLimits({ perMinute: 2, failuresPerMinute: 1 })
    expect([1, 2, 3].map(() => limits.deliver('github beans', 0))).toEqual([0, 0, 30_000])
    expect(limits.deliver('github peas', 0)).toBe(0)
    expect([1, 2].map(() => limits.fail('192.0.2.1', 0))).toEqual([0, 60_000])
    expect(limits.fail('192.0.2.2', 0)).toBe(0)
    expect(limits.deliver('github beans', 30_000)).toBe(0)
  })

  it('count what a delivery brought, once it is in', () => {
    const limits = createLimits({ perMinute: 60, failuresPerMinute: 1 })
    expect(limits.deliver('s3 beans', 0)).toBe(0)
    limits.charge('s3 beans', 99, 0)
    expect(limits.deliver('s3 beans', 0)).toBe(41_000)
  })

  it('forget the addresses that asked longest ago, where there are more than anybody can remember', () => {
    const limits = createLimits({ perMinute: 1, failuresPerMinute: 1 })
    for (let i = 0; i <= 10_000; i++) limits.fail(`address ${i}`, 0)
    expect(limits.fail('address 10000', 0)).toBe(60_000)
    expect(limits.fail('address 0', 0)).toBe(0)
  })
})
