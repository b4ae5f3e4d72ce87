import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Observation } from '../../domain/evidence.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import { evidenceFrom } from './evidence.ts'

type Kind = Observation['source']['kind']

const observed = (kind: Kind, metrics: JsonObject, label?: string, name = `${kind}/1`): Observation => ({
  source: { kind, name, task: 'evaluate' },
  slice: label === undefined ? null : { dimension: 'annotationSpec', value: label },
  metrics,
})

const matrix = (rows: Json, labels = ['A', 'B']): JsonObject => ({
  confusionMatrix: { annotationSpecs: labels.map((displayName) => ({ displayName })), rows },
})

describe('a ModelEvaluation', () => {
  it('gives its own numbers, and those of its matrix and its slices', () => {
    const evidence = evidenceFrom([
      observed('ModelEvaluation', {
        auRoc: 0.99,
        auPrc: 0.97,
        logLoss: 0.21,
        confidenceMetrics: [{ confidenceThreshold: 0.5, recall: 0.9, precision: 0.8 }],
        ...matrix([
          [8, 2],
          [1, 9],
        ]),
      }),
      observed('ModelEvaluation', { auRoc: 0.9, logLoss: 0.4, recall: 0.1 }, 'A'),
      observed('ModelEvaluation', { auRoc: 0.95 }, 'B'),
    ])
    expect(evidence.metrics).toMatchObject({ auRoc: 0.99, auPrc: 0.97, logLoss: 0.21, accuracy: 0.85 })
    expect(evidence.perClass['recall']).toEqual({ A: 0.8, B: 0.9 })
    expect(evidence.perClass['auRoc']).toEqual({ A: 0.9, B: 0.95 })
    expect(evidence.confusion).toEqual({
      labels: ['A', 'B'],
      rows: [
        [8, 2],
        [1, 9],
      ],
    })
  })

  it('of a regression is read under its Vertex names', () => {
    const { metrics, confusion } = evidenceFrom([
      observed('ModelEvaluation', {
        rootMeanSquaredError: 2,
        meanAbsoluteError: 1.5,
        meanAbsolutePercentageError: 12,
        rSquared: 0.8,
        rootMeanSquaredLogError: '0.1',
      }),
    ])
    expect(metrics).toEqual({ rmse: 2, mae: 1.5, mape: 12, rSquared: 0.8, rmsle: 0.1 })
    expect(confusion).toBeNull()
  })

  it('is read with counts of int64, which JSON writes as text', () => {
    const rows = [{ dataItemCounts: ['8', '2'] }, { dataItemCounts: ['1', '9'] }]
    expect(evidenceFrom([observed('ModelEvaluation', matrix(rows))]).metrics['accuracy']).toBe(0.85)
  })

  it('of a slice that is not a class says nothing of classes', () => {
    const slice = { ...observed('ModelEvaluation', { auRoc: 0.1 }), slice: { dimension: 'country', value: 'A' } }
    expect(evidenceFrom([slice])).toMatchObject({ metrics: {}, perClass: {} })
  })
})

describe('a metrics artifact', () => {
  it('may hold JSON text, as the lesson writes it', () => {
    const { metrics, perClass } = evidenceFrom([
      observed('system.Metrics', {
        auRoc: '0.987',
        logLoss: '"0.3"',
        confusionMatrix: JSON.stringify(
          matrix([
            [1, 0],
            [1, 2],
          ])['confusionMatrix'],
        ),
        note: 'fine',
        rows: '12e2',
        broken: '{"a"',
      }),
    ])
    expect(metrics).toMatchObject({ auRoc: 0.987, logLoss: 0.3, accuracy: 0.75, rows: 1200 })
    expect(metrics).not.toHaveProperty('note')
    expect(metrics).not.toHaveProperty('broken')
    expect(perClass['recall']).toEqual({ A: 1, B: 2 / 3 })
  })

  it.each(['', ' ', '0x10', '1_000', 'NaN', 'Infinity', '1e999', '90%', '[1]', true, null, [1], { a: 1 }])(
    'that holds %j holds no number',
    (value) => {
      expect(evidenceFrom([observed('system.Metrics', { own: value })]).metrics).toEqual({})
    },
  )
})

describe('where sources differ', () => {
  const evaluation = observed('ModelEvaluation', { auRoc: 0.9 })
  const classification = observed('system.ClassificationMetrics', {
    auRoc: 0.8,
    ...matrix([
      [1, 1],
      [0, 2],
    ]),
  })
  const logged = observed('system.Metrics', { auRoc: 0.7, accuracy: 0.99, own: 3 })

  it('the evaluation comes first, what a component logged last, and sources say so', () => {
    for (const order of [
      [evaluation, classification, logged],
      [logged, classification, evaluation],
    ]) {
      const { metrics, sources } = evidenceFrom(order)
      expect(metrics).toMatchObject({ auRoc: 0.9, accuracy: 0.75, own: 3 })
      expect(sources.map(({ kind }) => kind)).toEqual([
        'ModelEvaluation',
        'system.ClassificationMetrics',
        'system.Metrics',
      ])
    }
  })

  it('a stated number comes before one worked out of the same matrix', () => {
    const both = observed('ModelEvaluation', {
      accuracy: 0.8,
      ...matrix([
        [1, 1],
        [0, 2],
      ]),
    })
    expect(evidenceFrom([both]).metrics['accuracy']).toBe(0.8)
  })

  it('two of one kind leave the metric out, and lower ones do not fill it', () => {
    const other = observed('ModelEvaluation', { auRoc: 0.91, logLoss: 1 }, undefined, 'another')
    expect(evidenceFrom([evaluation, other, logged]).metrics).toEqual({ logLoss: 1, accuracy: 0.99, own: 3 })
    const same = observed('ModelEvaluation', { auRoc: 0.9 }, undefined, 'another')
    expect(evidenceFrom([evaluation, same]).metrics).toEqual({ auRoc: 0.9 })
  })

  it('no number in the first leaves the metric out', () => {
    const { metrics } = evidenceFrom([observed('ModelEvaluation', { auRoc: 'NaN' }), logged])
    expect(metrics).not.toHaveProperty('auRoc')
  })

  it('a matrix that is none in the first leaves it out', () => {
    const broken = observed('ModelEvaluation', matrix([[1, 1]]))
    const { metrics, confusion, perClass } = evidenceFrom([broken, classification])
    expect(confusion).toBeNull()
    expect(perClass).toEqual({})
    expect(metrics).not.toHaveProperty('macroF1')
  })
})

it.each([
  ['not square', [[1], [2]]],
  [
    'negative',
    [
      [1, -1],
      [0, 1],
    ],
  ],
  [
    'not numbers',
    [
      ['a', 1],
      [0, 1],
    ],
  ],
  [
    'too many rows',
    [
      [1, 1],
      [0, 1],
      [0, 0],
    ],
  ],
  ['no rows', []],
])('a matrix that is %s is none', (_, rows) => {
  expect(evidenceFrom([observed('ModelEvaluation', matrix(rows))]).confusion).toBeNull()
})

it('a matrix whose labels repeat is none', () => {
  expect(
    evidenceFrom([
      observed(
        'ModelEvaluation',
        matrix(
          [
            [1, 0],
            [0, 1],
          ],
          ['A', 'A'],
        ),
      ),
    ]).confusion,
  ).toBeNull()
})

it('names from outside are only names', () => {
  const { metrics, perClass } = evidenceFrom([
    observed('system.Metrics', JSON.parse('{"__proto__": 1, "constructor": 2}') as JsonObject),
    observed('ModelEvaluation', { auRoc: 0.5 }, '__proto__'),
  ])
  expect(Object.entries(metrics)).toEqual([
    ['__proto__', 1],
    ['constructor', 2],
  ])
  expect(Object.entries(perClass['auRoc'] ?? {})).toEqual([['__proto__', 0.5]])
  expect(({} as Record<string, unknown>)['auRoc']).toBeUndefined()
})

it('nothing gives nothing, with a digest that follows the content', () => {
  const nothing = evidenceFrom([])
  expect(nothing).toMatchObject({ metrics: {}, perClass: {}, confusion: null, sources: [] })
  expect(evidenceFrom([]).digest).toBe(nothing.digest)
  expect(evidenceFrom([observed('system.Metrics', { a: 1 })]).digest).not.toBe(nothing.digest)
})

it('reads any JSON without throwing', () => {
  const kind = fc.constantFrom<Kind>('ModelEvaluation', 'system.Metrics', 'system.ClassificationMetrics')
  const key = fc.constantFrom('confusionMatrix', 'confidenceMetrics', 'auRoc', 'rows', 'x')
  const json = fc.jsonValue() as fc.Arbitrary<Json>
  const half = fc.record({
    annotationSpecs: fc.array(fc.record({ displayName: json })),
    rows: fc.array(fc.array(json)),
  })
  const metrics = fc.dictionary(key, fc.oneof(json, half as fc.Arbitrary<Json>))
  fc.assert(
    fc.property(fc.array(fc.tuple(kind, metrics)), (all) =>
      evidenceFrom(all.map(([k, m]) => observed(k, m))).digest.startsWith('sha256:'),
    ),
  )
})
