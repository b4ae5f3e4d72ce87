import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Fault } from '../../src/domain/errors.ts'
import { type EvaluationRequest, evaluate } from '../../src/platform/automl/evaluate.ts'
import { sharedEnvironments } from '../automl/environments.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

const environments = sharedEnvironments()
let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-evaluate-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const run = async (predictions: readonly object[], more: Partial<EvaluationRequest> = {}, truth?: string) => {
  const folder = await mkdtemp(join(root, 'evaluation-'))
  const file = join(folder, 'predictions.jsonl')
  await writeFile(file, predictions.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const truthFile = join(folder, 'truth.csv')
  if (truth !== undefined) await writeFile(truthFile, truth)
  const request: EvaluationRequest = {
    problem: 'regression',
    predictions: { files: [file], format: 'jsonl' },
    target: 'instance.price',
    ...(truth === undefined ? {} : { groundTruth: { files: [truthFile], format: 'csv' } }),
    ...more,
  }
  const context = { environments, folder, log: () => undefined }
  return evaluate(request, context, new AbortController().signal)
}

const classified = (kind: string | null, scores: readonly number[], classes = ['yes', 'no']) => ({
  instance: { kind, size: 1 },
  prediction: { classes, scores },
})
const kinds = { problem: 'classification', target: 'instance.kind' } as const

describe('evaluate', () => {
  it('judges values by hand: distances of 1, 0 and 2', async () => {
    const lines = [
      { instance: { price: 1 }, prediction: { value: 2 } },
      { instance: { price: '2' }, prediction: { value: 2 } },
      { instance: { price: 6 }, prediction: { value: 4 } },
    ]
    const { metrics, rows } = await run(lines)
    expect(rows).toBe(3)
    expect(metrics['meanAbsoluteError']).toBeCloseTo(1, 12)
    expect(metrics['rootMeanSquaredError']).toBeCloseTo(Math.sqrt(5 / 3), 12)
    expect(metrics['rSquared']).toBeCloseTo(1 - 5 / 14, 12)
    expect(metrics['meanAbsolutePercentageError']).toBeCloseTo((100 * (1 + 0 + 1 / 3)) / 3, 12)
  })

  it('finds the truth of equal rows one after another, and values however they are written', async () => {
    const lines = [
      { instance: { size: 5, colour: 'red' }, prediction: 1 },
      { instance: { size: '5.0', colour: 'red' }, prediction: 3 },
      { instance: { size: 7, colour: '' }, prediction: 9 },
    ]
    const { metrics } = await run(lines, {}, 'colour,size,price\n,7,9\nred,5,1\nred,5,3\n')
    expect(metrics['meanAbsoluteError']).toBe(0)
  })

  it('takes scores of a custom model by the names given, and slices of the classes asked for', async () => {
    const lines = [
      { instance: { kind: 1 }, prediction: { p: [0.2, 0.8] } },
      { instance: { kind: 0 }, prediction: { p: [0.6, 0.4] } },
      { instance: { kind: 0 }, prediction: { p: [0.1, 0.9] } },
    ]
    const given = { ...kinds, scores: 'prediction.p', classes: ['0', '1'], positiveClasses: ['1'] }
    const { metrics, slices } = await run(lines, given)
    expect(metrics['confusionMatrix']).toMatchObject({
      rows: [
        [1, 1],
        [0, 1],
      ],
    })
    expect(slices.map(({ value }) => value)).toEqual(['1'])
  })

  it.each<[string, readonly object[], RegExp, Partial<EvaluationRequest>?, string?]>([
    ['no predictions', [], /hold no rows/],
    ['no truth', [{ instance: {}, prediction: 1 }], /no value of 'price' in predictions\.jsonl, line 1/],
    [
      'a text for a value',
      [{ instance: { price: 1 }, prediction: { value: 'x' } }],
      /prediction in .* line 1 is 'x', not a number/,
    ],
    [
      'truth of other rows',
      [{ instance: { size: 1 }, prediction: 1 }],
      /No row of the ground truth agrees .* line 1/,
      {},
      'size,price\n2,3\n',
    ],
    [
      'truth without the target',
      [{ instance: { size: 1 }, prediction: 1 }],
      /no field 'price'/,
      {},
      'size,cost\n1,3\n',
    ],
    [
      'a class that is none',
      [classified('maybe', [0.5, 0.5])],
      /'maybe' in .* not among the predicted ones \(no, yes\)/,
      kinds,
    ],
    ['scores that fit no classes', [classified('yes', [1])], /do not fit the classes/, kinds],
    [
      'scores elsewhere',
      [classified('yes', [1, 0])],
      /nothing at 'prediction\.p'/,
      { ...kinds, scores: 'prediction.p' },
    ],
  ])('names field and line: %s', async (_, lines, message, more = {}, truth = undefined) => {
    const fault = (await run(lines, more, truth).catch((error: unknown) => error)) as Fault
    expect(fault.message).toMatch(message)
    expect(fault.code).toBe('evaluation_failed')
    expect(fault.remedy).toBeTruthy()
  })
})
