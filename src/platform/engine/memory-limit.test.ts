import { expect, it } from 'vitest'
import { memoryLimit } from './memory-limit.ts'

it.each([
  [{ resourceMemoryLimit: '2Gi' }, 2 * 2 ** 30],
  [{ resourceMemoryLimit: '1.5G', memoryLimit: 9 }, 1.5e9],
  [{ resourceMemoryLimit: '1000' }, 1000],
  [{ memoryLimit: 0.5 }, 0.5e9],
  [{ resourceMemoryLimit: 'much' }, undefined],
  [{ memoryLimit: 0 }, undefined],
  [{}, undefined],
])('%j is %s bytes', (resources, bytes) => {
  expect(memoryLimit(resources)).toBe(bytes)
})
