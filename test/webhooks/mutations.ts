import fc from 'fast-check'

type Step = string | number
type Path = readonly Step[]

const pathsOf = (value: unknown, at: Path = []): readonly Path[] => {
  if (value === null || typeof value !== 'object') return [at]
  const inner = Array.isArray(value)
    ? value.flatMap((item, i) => (i < 3 ? pathsOf(item, [...at, i]) : []))
    : Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...at, key]))
  return at.length === 0 ? inner : [at, ...inner]
}

const gone = Symbol('gone')

const replaced = (value: unknown, [step, ...rest]: Path, by: unknown): unknown => {
  if (step === undefined) return by
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) {
    const items = value.map((item, i) => (i === step ? replaced(item, rest, by) : item))
    return items.filter((item) => item !== gone)
  }
  const entries = Object.entries(value).map(([key, item]) => [key, key === step ? replaced(item, rest, by) : item])
  return Object.fromEntries(entries.filter(([, item]) => item !== gone))
}

/** What hosts never say, and attackers might. */
const oddities: readonly unknown[] = [
  gone,
  null,
  '',
  0,
  -1,
  1e308,
  true,
  [],
  {},
  [[]],
  '__proto__',
  'constructor',
  'refs/heads/../../x',
  'refs/heads/-x',
  'refs/heads/x;id',
  'refs/heads/a\nb',
  'refs/tags/v1',
  'refs/pull/1/head',
  '0'.repeat(40),
  'f'.repeat(40),
  'F'.repeat(40),
  '--upload-pack=id',
  'https://attacker.example/x.git',
  'x'.repeat(5_000),
  'somebody/beans',
  'ACME/BEANS',
  { full_name: 'somebody/beans' },
  Number.MAX_SAFE_INTEGER,
]

/** A body of a host with one to four of its parts replaced, taken away, or turned into another type. */
export const mutated = (bodies: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.constantFrom(...bodies).chain((body) => {
    const paths = pathsOf(body)
    const mutation = fc.tuple(
      fc.constantFrom(...(paths.length === 0 ? [[]] : paths)),
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...oddities) }, { weight: 1, arbitrary: fc.jsonValue() }),
    )
    return fc
      .array(mutation, { minLength: 0, maxLength: 4 })
      .map((mutations) => mutations.reduce<unknown>((value, [path, by]) => replaced(value, path, by), body))
  })
