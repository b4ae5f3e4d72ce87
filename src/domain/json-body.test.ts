import { expect, it } from 'vitest'
import { parseJsonBody } from './json-body.ts'

const parse = (text: string) => parseJsonBody(Buffer.from(text))
const nested = (depth: number): string => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`

it.each([
  ['as deep as may be', nested(64), { ok: true }],
  ['deeper', `[${nested(64)}]`, { ok: false, reason: 'tooDeep' }],
  ['as deep as may be, and wide', `[${Array(40).fill('{"a":[]}').join()},${nested(62)}]`, { ok: true }],
  ['deeper, and wide', `[${Array(40).fill('{"a":[]}').join()},${nested(64)}]`, { ok: false, reason: 'tooDeep' }],
  ['wide', `[${Array(500).fill('{"a":[]}').join()}]`, { ok: true }],
  ['deep in a string', JSON.stringify({ a: `"\\"${'[{'.repeat(100)}` }), { ok: true }],
  ['cut off', nested(64).slice(0, -1), { ok: false, reason: 'noJson' }],
])('a body that is %s', (_, text, expected) => {
  expect(parse(text)).toMatchObject(expected)
  if (expected.ok) expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) })
})
