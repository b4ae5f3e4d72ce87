import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatBytes, parseBytes } from './bytes.ts'

it.each([
  ['0B', 0],
  ['10MB', 10_000_000],
  ['10 MB', 10_000_000],
  ['1.5GiB', 1_610_612_736],
  ['512kB', 512_000],
  ['512KB', 512_000],
  ['2TB', 2e12],
  ['', undefined],
  ['10', undefined],
  ['10mb', undefined],
  ['-1MB', undefined],
  ['1e3MB', undefined],
  ['10MBs', undefined],
])('%s is %s', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes)
})

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1 kB'],
  [3_440_000, '3.4 MB'],
  [999_950, '1 MB'],
  [123_456_789_012, '123 GB'],
  [5e15, '5000 TB'],
])('%d is shown as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

it('what is shown can be read again, to within a twentieth', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 50 }), (bytes) => {
      const again = parseBytes(formatBytes(bytes)) ?? Number.NaN
      return Math.abs(again - bytes) <= bytes / 20
    }),
  )
})
