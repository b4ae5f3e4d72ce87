import fc from 'fast-check'
import { expect, it } from 'vitest'
import { containsAddress } from '../domain/data-address.ts'
import { isWithinAddress } from './data-address.ts'
import { globMatcher, literalStart } from './glob.ts'

it.each([
  ['gs://acme/in/*.csv', 'gs://acme/in/', true],
  ['gs://acme/in/**', 'gs://acme/', true],
  ['gs://acme/**', 'gs://acme/in/', false],
  ['gs://acme/i?/*.csv', 'gs://acme/in/', false],
  ['gs://acme-2/in/*.csv', 'gs://acme/', false],
  ['s3://acme/in/*.csv', 'gs://acme/in/', false],
  ['bq://acme.beans.events_*', 'bq://acme.beans', true],
  ['bq://acme.beans.events', 'bq://acme.beans.events', true],
  ['bq://acme.beans.events*', 'bq://acme.beans.events', false],
  ['bq://acme.beans2.events', 'bq://acme.beans', false],
])('%s within %s: %s', (watched, address, expected) => {
  expect(isWithinAddress(watched, address)).toBe(expected)
})

it('holds for whatever the pattern matches', () => {
  const piece = fc.constantFrom('a', 'b', '/', '*', '**', '**/', '?', '+', '[ab]', '\\*', '.')
  const pattern = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''))
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*'), minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(pattern, name, (glob, text) => {
      if (!globMatcher(glob)(text)) return
      expect(text.startsWith(literalStart(glob))).toBe(true)
      for (const address of ['gs://acme/', 'gs://acme/a/', 'gs://acme/a/b/'])
        if (isWithinAddress(`gs://acme/${glob}`, address))
          expect(containsAddress(address, `gs://acme/${text}`)).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})
