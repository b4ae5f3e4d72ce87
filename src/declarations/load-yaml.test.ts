import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { loadYaml } from './load-yaml.ts'
import { formatFault } from './placed-fault.ts'

const Schema = z.strictObject({
  version: z.literal(1),
  gates: z.record(z.string(), z.strictObject({ metric: z.enum(['recall', 'f1']), atLeast: z.number().optional() })),
  names: z.array(z.string().min(1)).optional(),
})

const faultsOf = (text: string) => {
  const loaded = loadYaml(text, 'p.yaml', Schema)
  return loaded.ok ? [] : loaded.faults.map(formatFault)
}

it('gives the value, and places for what is checked later', () => {
  const loaded = loadYaml('version: 1\ngates:\n  good: {metric: f1, atLeast: 0.5}\n', 'p.yaml', Schema)
  if (!loaded.ok) throw new Error('refused')
  expect(loaded.value).toEqual({ version: 1, gates: { good: { metric: 'f1', atLeast: 0.5 } } })
  expect(formatFault(loaded.place(['gates', 'good', 'atLeast'], 'x'))).toBe('p.yaml:3:31: gates.good.atLeast: x')
  expect(formatFault(loaded.place(['gates', 'good', 'atLeast'], 'x', 'key'))).toBe('p.yaml:3:22: gates.good.atLeast: x')
  expect(formatFault(loaded.place(['gates', 'good', 'missing'], 'x'))).toBe('p.yaml:3:9: gates.good.missing: x')
})

it('places every fault, in the order of the text, with what stood there', () => {
  expect(
    faultsOf(`version: 2
gates:
  good:
    metrc: f1
    metric: recal
    atLeast: "0.9"
names: [a, '']
zzz: 1
`),
  ).toEqual([
    'p.yaml:1:10: version: expected 1, got 2',
    'p.yaml:4:5: gates.good.metrc: unknown key, did you mean metric?',
    'p.yaml:5:13: gates.good.metric: expected one of recall, f1, got "recal", did you mean recall?',
    'p.yaml:6:14: gates.good.atLeast: expected a number, got "0.9"',
    'p.yaml:7:12: names[1]: expected a text that is not empty, got ""',
    'p.yaml:8:1: zzz: unknown key, expected one of version, gates, names',
  ])
})

it.each([
  ['version: 1\n', ['p.yaml:1:1: gates: missing, expected a mapping']],
  ['version: 1\ngates:\n', ['p.yaml:2:7: gates: expected a mapping, got nothing']],
  ['version: 1\ngates: []\n', ['p.yaml:2:8: gates: expected a mapping, got a list']],
  ['', ['p.yaml:1:1: the file is empty']],
  ['# only a comment\n', ['p.yaml:1:1: the file is empty']],
  ['text', ['p.yaml:1:1: expected a mapping, got "text"']],
])('says of %j: %j', (text, faults) => {
  expect(faultsOf(text)).toEqual(faults)
})

it.each([
  ['a duplicate key', 'version: 1\nversion: 1\n', /^p\.yaml:2:1: .*unique/],
  ['an unclosed list', 'version: 1\ngates: [1\n', /^p\.yaml:[23]:1: /],
  ['two documents', 'version: 1\n---\nversion: 1\n', /^p\.yaml:2:1: /],
  ['an unknown tag', 'version: !!python/object:os.system 1\n', /^p\.yaml:1:10: .*tag/],
  [
    'a number as key beside its text',
    'version: 1\ngates:\n  1: {metric: f1}\n  "1": {metric: f1}\n',
    /^p\.yaml:3:3: .*key/,
  ],
  ['__proto__', 'version: 1\ngates:\n  __proto__: {metric: f1, atLeast: 2}\n', /^p\.yaml:3:3: __proto__/],
  ['a merge key', 'version: 1\n<<: {gates: {}}\n', /gates|<</],
  ['an unknown alias', 'version: *nobody\n', /^p\.yaml:1:10: /],
  ['a text that is too large', `version: 1 #${'x'.repeat(1_000_000)}`, /at most 1000000 bytes/],
  ['deep nesting', `version: ${'['.repeat(50)}${']'.repeat(50)}`, /at most 40 levels/],
  ['nesting deeper than the stack', '['.repeat(200_000), /levels|p\.yaml/],
])('refuses %s', (_, text, expected) => {
  expect(faultsOf(text).join('\n')).toMatch(expected)
})

describe('aliases', () => {
  it('may be used', () => {
    expect(faultsOf('version: 1\ngates:\n  a: &a {metric: f1}\n  b: *a\n')).toEqual([])
  })
  it('may not explode', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 12; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    expect(faultsOf(lines.join('\n')).join('\n')).toMatch(/aliases stand for too much/)
  })
  it('may not hold themselves', () => {
    expect(faultsOf('version: 1\ngates: &g {a: *g}\n').length).toBeGreaterThan(0)
  })
})
