import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { faultCodes } from './errors.ts'

it('explains every code in docs/errors.md, and no other', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const explained = [...text.matchAll(/^## (\w+)\n(.+)/gm)].map(([, code, words]) => [code, (words ?? '').length > 40])
  expect(explained).toEqual(faultCodes.map((code) => [code, true]).sort())
})
