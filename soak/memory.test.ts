import { expect, it } from 'vitest'
import { leakFrom, memoryOf, type Sample } from './memory.ts'

/** A process that begins with 100 MiB, has 200 once it is warm, and then grows as told for each thousand sendings. */
const lived = (growth: number, sendings: number, life = 1): readonly Sample[] =>
  Array.from({ length: 101 }, (_, i) => {
    const sent = (sendings * i) / 100
    const warmth = Math.min(100, i * 4)
    // The garbage collector's saw.
    return { role: 'web', life, sent, mebibytes: 100 + warmth + (growth * sent) / 1_000 + (i % 5) * 3 }
  })

it.each([
  ['flat', 0, false],
  ['just below the limit', leakFrom - 0.5, false],
  ['just above it', leakFrom + 0.5, true],
])('memory that is %s', (_what, growth, leaks) => {
  const { web } = memoryOf(lived(growth, 10_000))
  expect(web?.slope).toBeCloseTo(growth, 0)
  expect(web?.leaks).toBe(leaks)
})

it('looks at the last life only, since memory does not outlive a process', () => {
  const { web } = memoryOf([...lived(50, 10_000), ...lived(0, 10_000, 2)])
  expect(web).toMatchObject({ start: 100, leaks: false })
  expect(web?.most).toBeGreaterThan(600)
})

it('takes no breath of the garbage collector for a leak', () => {
  expect(memoryOf(lived(leakFrom + 4, 3_000))['web']?.leaks).toBe(false)
  expect(memoryOf(lived(leakFrom + 4, 10_000))['web']?.leaks).toBe(true)
})

it('says nothing of a life that was too short', () => {
  expect(memoryOf(lived(50, 1_000))['web']).toMatchObject({ slope: undefined, leaks: false })
})
