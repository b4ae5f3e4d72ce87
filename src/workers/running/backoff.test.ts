import { expect, it } from 'vitest'
import { backoff } from './backoff.ts'

it.each([
  [1, 1_000],
  [2, 2_000],
  [9, 256_000],
  [10, 300_000],
  [5_000, 300_000],
])('after %i failures in a row waits %i ms', (failures, wait) => {
  expect(backoff(failures)).toBe(wait)
})
