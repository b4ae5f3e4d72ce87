import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatFault } from '../../declarations/placed-fault.ts'
import type { ConfusionMatrix } from '../../domain/evidence.ts'
import type { Case, ReferenceEvidence } from '../gates/case.ts'
import { checkFactsOf } from '../gates/check-facts.ts'
import { judge } from '../gates/judge.ts'
import { type ReferencePredictions, sideBySide } from '../gates/side-by-side.ts'
import type { Predictions } from '../predictions/predictions.ts'
import { explainGates } from '../verdicts/explain.ts'
import { evaluateCheck } from './checks.ts'
import { metricNames } from './metrics.ts'
import { gateSetsOf, parsePolicy } from './parse-policy.ts'

describe('a policy that was made to hurt is refused', () => {
  const gates = (count: number): string =>
    Array.from({ length: count }, (_, i) => `  g${i}: {metric: accuracy, atLeast: 0.5}\n`).join('')
  const laughs = Array.from(
    { length: 30 },
    (_, i) => `l${i}: &l${i} [${i === 0 ? 'x' : `*l${i - 1}, *l${i - 1}`}]\n`,
  ).join('')
  const parameters = (count: number): string => Array.from({ length: count }, (_, i) => `p${i}: previous`).join(', ')
  const retrainOf = (count: number): string =>
    `version: 1\nmodel: m\ngates: {g: {metric: accuracy, atLeast: 0.5}}\notherwise: {retrain: {attempts: 1, parameters: {${parameters(count)}}}}\n`
  it.each([
    ['aliases that multiply', `version: 1\nmodel: m\n${laughs}`, /aliases stand for too much/],
    ['an alias of itself', 'version: 1\nmodel: m\ngates: &g {a: *g}\n', /gates.a.a: unknown key/],
    ['depth', `version: 1\nmodel: ${'['.repeat(100_000)}`, /levels|p\.yaml:/],
    ['depth in JSON', `${'{"a":'.repeat(50)}1${'}'.repeat(50)}`, /levels/],
    ['more than 1 MB', `version: 1\nmodel: m # ${'x'.repeat(1_000_000)}\n`, /at most 1000000 bytes/],
    ['more than 1,000 gates', `version: 1\nmodel: m\ngates:\n${gates(1_001)}`, /at most 1000 gates/],
    ['many times as many gates', `version: 1\nmodel: m\ngates:\n${gates(19_000)}`, /at most 12000 keys/],
    [
      'keys that take the square of their number to compare',
      `version: 1\nmodel: m\ngates: {${Array.from({ length: 110_000 }, (_, i) => `g${i}:`).join(',')}}`,
      /at most 12000 keys/,
    ],
    [
      'thousands of faults',
      `version: 1\nmodel: m\ngates: {${Array.from({ length: 11_000 }, (_, i) => `g${i}`).join(',')}}`,
      /gates.g0: expected a mapping, got nothing/,
    ],
    ['a list without end', `version: 1\nmodel: m\nmetrics: [${'a,'.repeat(490_000)}]`, /at most 20000 entries/],
    ['commas alone', `version: 1\nmodel: m\nmetrics: [${','.repeat(990_000)}]`, /at most 20000 entries/],
    ['dashes', `metrics:\n${'- '.repeat(490_000)}`, /at most 20000 entries/],
    ['lines and lines', '#\n'.repeat(490_000), /at most 250000 marks/],
    [
      'checks that take the square of their length',
      `version: 1\nmodel: m\ngates:\n${Array.from({ length: 480 }, (_, i) => `  g${i}: {check: "${'1+'.repeat(900)}1 > 0"}\n`).join('')}`,
      /at most 200 operators, got 901/,
    ],
    [
      'checks that are too much together',
      `version: 1\nmodel: m\ngates:\n${Array.from({ length: 900 }, (_, i) => `  g${i}: {check: "${'1+'.repeat(100)}1 > 0"}\n`).join('')}`,
      /too much to read together/,
    ],
    [
      'a retrain of a thousand expressions',
      `version: 1\nmodel: m\ngates: {g: {metric: accuracy, atLeast: 0.5}}\notherwise: {retrain: {attempts: 1, parameters: {${Array.from({ length: 1_000 }, (_, i) => `p${i}: "previous${' + 1'.repeat(100)}"`).join(', ')}}}}\n`,
      /too much to read together/,
    ],
    ['a retrain of thousands of small expressions', retrainOf(8_800), /at most 1000 expressions/],
    ['a gate that comes twice', `version: 1\nmodel: m\ngates:\n${gates(2)}${gates(1)}`, /6:3: .*unique: g0 stands/],
    [
      'a check that is a book',
      `version: 1\nmodel: m\ngates:\n  g: {check: "${'1 + '.repeat(600)}1 > 0"}\n`,
      /at most 2000 char/,
    ],
    [
      'a check that nests',
      `version: 1\nmodel: m\ngates:\n  g: {check: "${'('.repeat(900)}1${')'.repeat(900)} > 0"}\n`,
      /check/,
    ],
    ['matches', `version: 1\nmodel: m\ngates:\n  g: {check: "'a'.matches('(a+)+$')"}\n`, /matches\(\) is not run here/],
  ])('%s', (_, text, words) => {
    const parsed = parsePolicy(text, 'p.yaml')
    expect(parsed.ok).toBe(false)
    expect(parsed.ok ? [] : parsed.faults.map(formatFault).join('\n')).toMatch(words)
  })

  it('1,000 gates are not too many', () => {
    expect(parsePolicy(`version: 1\nmodel: m\ngates:\n${gates(1_000)}`, 'p.yaml').ok).toBe(true)
  })

  it.each([
    [1_000, true],
    [1_001, false],
  ])('of %i expressions, as many as may be are 1,000', (count, ok) => {
    expect(parsePolicy(retrainOf(count), 'p.yaml').ok).toBe(ok)
  })

  it('gate sets do not add up to more', () => {
    const set = (name: string) => `version: 1\ngates:\n${gates(600).replaceAll('  g', `  ${name}`)}`
    const files = new Map([
      ['a.yaml', set('a')],
      ['b.yaml', set('b')],
    ])
    const parsed = parsePolicy('version: 1\nmodel: m\nuse: [a.yaml, b.yaml]\n', 'p.yaml', { files })
    expect(parsed.ok ? [] : parsed.faults.map(formatFault)).toEqual([
      expect.stringContaining('expected at most 1000 gates, got 1200'),
    ])
  })
})

const name = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', '')
const odd = fc.oneof(fc.double(), fc.constantFrom(0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, 0.5, 1e308, 5e-324))
const limit = fc.oneof(odd, fc.constantFrom('50ms', '20MB', '-1%', '100/s', '', 'x'))

/** Gates of every kind, sensible and not: those that the parser takes are judged by. */
const gate = fc
  .record(
    {
      metric: fc.constantFrom(...metricNames, 'own'),
      atLeast: limit,
      atMost: limit,
      between: fc.tuple(limit, limit),
      each: fc.constant('Class'),
      against: fc.constantFrom('champion', 'baseline', 'm@blessed'),
      change: fc.constantFrom('absolute', 'relative'),
      confidence: fc.constantFrom(0.51, 0.95, 0.999999),
      slices: fc.constantFrom('region', ['region', ['region', 'season']], 'nowhere'),
      minExamples: fc.constantFrom(1, 30),
      check: fc.constantFrom(
        'metrics.accuracy > 0.5',
        'data.rows / 0 > 1',
        'change.x[7] == 1',
        'classes.all(c, classes[c].recall > 0.1)',
      ),
      require: fc.constantFrom({}, { count: 2, from: ['leads'] }),
      advisory: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .chain((whole) => {
    const kind = (['metric', 'check', 'require'] as const).find((one) => whole[one] !== undefined)
    // Most random gates are refused: what makes one acceptable is often put right.
    return fc.boolean().map((tidy) => {
      if (!tidy) return whole
      if (kind === 'check') return { check: whole.check }
      if (kind === 'require') return { require: whole.require }
      const { check: _, require: __, between: ___, change: ____, ...rest } = whole
      return { ...rest, metric: whole.metric ?? 'accuracy' }
    })
  })

const matrix: fc.Arbitrary<ConfusionMatrix | null> = fc.option(
  fc
    .integer({ min: 1, max: 3 })
    .chain((size) =>
      fc.array(fc.array(fc.nat(50), { minLength: size, maxLength: size }), { minLength: size, maxLength: size }),
    )
    .map((rows) => ({ labels: ['a', 'b', 'c'].slice(0, rows.length), rows })),
)
const evidence = fc.record({
  metrics: fc.dictionary(fc.constantFrom(...metricNames, 'own'), odd, { maxKeys: 8 }),
  perClass: fc.dictionary(fc.constantFrom(...metricNames), fc.dictionary(name, odd, { maxKeys: 3 }), { maxKeys: 4 }),
  confusion: matrix,
})

const column = (rows: number) =>
  fc
    .array(fc.nat(1), { minLength: rows, maxLength: rows })
    .map((codes) => ({ values: ['x', '__proto__'], codes: Int32Array.from(codes) }))

const predictions: fc.Arbitrary<Predictions | null> = fc.option(
  fc.nat(12).chain((rows): fc.Arbitrary<Predictions> => {
    const shared = fc.record({ region: column(rows), season: column(rows) })
    const ids = fc.option(fc.constant(Array.from({ length: rows }, (_, i) => String(i))))
    const values = fc.array(fc.constantFrom(0, 1, -3, 2.5, 1e9), { minLength: rows, maxLength: rows })
    const numbers = fc.tuple(shared, ids, values, values).map(
      ([columns, named, truth, predicted]): Predictions => ({
        kind: 'regression',
        rows,
        ids: named,
        columns,
        truth: Float64Array.from(truth),
        predicted: Float64Array.from(predicted),
        quantiles: [{ quantile: 0.9, predicted: Float64Array.from(predicted) }],
      }),
    )
    const classes = fc
      .integer({ min: 1, max: 3 })
      .chain((width) => {
        const codes = fc.array(fc.nat(width - 1), { minLength: rows, maxLength: rows })
        const weights = fc.array(fc.nat(5), { minLength: rows * width, maxLength: rows * width })
        return fc.tuple(shared, ids, codes, codes, fc.option(weights), fc.constant(width))
      })
      .map(
        ([columns, named, truth, predicted, weights, width]): Predictions => ({
          kind: 'classification',
          rows,
          ids: named,
          columns,
          classes: ['a', 'b', '__proto__'].slice(0, width),
          truth: Int32Array.from(truth),
          predicted: Int32Array.from(predicted),
          scores: weights === null ? null : Float64Array.from(weights, (weight) => weight / 5),
        }),
      )
    return fc.oneof(numbers, classes)
  }),
)

const model = fc.record({ evidence, predictions })
const reference: fc.Arbitrary<ReferencePredictions> = fc.oneof(
  model.map((known) => ({ kind: 'known' as const, ...known })),
  fc.constantFrom({ kind: 'none' as const, reason: 'none' }, { kind: 'unknown' as const, reason: 'unknown' }),
)

it('any policy that can be read gives a verdict of any case: judging never throws, and says why', () => {
  fc.assert(
    fc.property(
      fc.array(gate, { minLength: 1, maxLength: 5 }),
      model,
      fc.dictionary(fc.constantFrom('champion', 'm@blessed'), reference),
      fc.boolean(),
      (written, candidate, others, isChecked) => {
        const gates = Object.fromEntries(written.map((one, i) => [`g${i}`, one]))
        const text = JSON.stringify({ version: 1, model: 'm', metrics: ['own'], resamples: 200, gates })
        const parsed = parsePolicy(text, 'p.yaml')
        fc.pre(parsed.ok)
        if (!parsed.ok) return
        const laid: { candidate: Case['candidate']; references: Readonly<Record<string, ReferenceEvidence>> } =
          sideBySide(candidate, others)
        const expressions = parsed.value.gates.flatMap((one) => (one.kind === 'check' ? [one.expression] : []))
        const facts = checkFactsOf(laid, expressions, { change: {}, candidate: {} })
        const checks = Object.fromEntries(
          parsed.value.gates.flatMap((one) =>
            one.kind === 'check' && isChecked ? [[one.name, evaluateCheck(one.expression, facts)] as const] : [],
          ),
        )
        const judged = judge(parsed.value, { ...laid, checks, approvals: [], author: 'a' })
        expect(['pass', 'fail', 'inconclusive']).toContain(judged.outcome)
        expect(judged.gates).toHaveLength(parsed.value.gates.length)
        for (const { reason } of judged.gates) expect(reason).not.toBe('')
        expect(explainGates(judged).join('\n')).not.toMatch(/undefined|\[object/)
      },
    ),
    { numRuns: 100 },
  )
})

it('no text makes the parser throw', () => {
  const piece = fc.constantFrom(
    'version: 1',
    'model: m',
    'gates:',
    '  g: {',
    '}',
    '[',
    '&a',
    '*a',
    '"',
    "'",
    '\n',
    '- ',
    ': ',
    '!!js',
    '|',
    '\u0000',
    'metric: accuracy',
    'atLeast: 0.9',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        const parsed = parsePolicy(text, 'p.yaml')
        if (!parsed.ok) expect(parsed.faults.length).toBeGreaterThan(0)
        gateSetsOf(text)
      },
    ),
    { numRuns: 300 },
  )
})
