import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { automlRequirements, train } from '../../src/platform/automl/train.ts'
import type { TrainingRequest, TrainingResult } from '../../src/platform/automl/training.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { sharedEnvironments } from './environments.ts'
import { fruit, type Row, writeCsv } from './fruit.ts'

// Real training, on cores that other tests use, too.
vi.setConfig({ testTimeout: 240_000 })
const environments = sharedEnvironments()
let root: string
let python: string
let count = 0

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-train-'))
  python = (await environments.ensure(await automlRequirements())).python
}, 300_000)
afterAll(() => rm(root, { recursive: true, force: true }))

interface Trained {
  readonly result: TrainingResult
  readonly lines: readonly Row[]
  readonly log: readonly string[]
}

const trainOn = async (rows: readonly Row[], changes: Partial<TrainingRequest> = {}): Promise<Trained> => {
  const folder = await mkdtemp(join(root, 'training-'))
  const log: string[] = []
  const request: TrainingRequest = {
    files: [await writeCsv(join(folder, 'fruit.csv'), rows)],
    target: 'kind',
    predictionType: 'classification',
    columns: { weight: 'numeric', size: 'auto', colour: 'auto' },
    budgetMilliNodeHours: 1000,
    split: { kind: 'fraction' },
    earlyStopping: true,
    seed: 1,
    modelFolder: join(folder, 'model'),
    evaluationFolder: join(folder, 'evaluation'),
    ...changes,
  }
  const context = { environments, folder, log: (line: string) => void log.push(line) }
  const result = await train(request, context, new AbortController().signal)
  const text = await readFile(result.predictionsFile, 'utf8')
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
  return { result, lines, log }
}

const recompute = async (file: string): Promise<Record<string, unknown>> => {
  const script = join(import.meta.dirname, 'recompute.py')
  const { stdout, stderr } = await runProcess({
    command: python,
    args: [script, file],
    cwd: root,
    env: scrubbedEnvironment(),
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('classification', () => {
  const rows = fruit(900)
  let trained: Trained
  beforeAll(async () => {
    trained = await trainOn(rows)
  }, 240_000)

  it('reports what scikit-learn finds in the prediction file', async () => {
    const { result, lines } = trained
    const again = await recompute(result.predictionsFile)
    for (const name of ['auRoc', 'auPrc', 'logLoss']) expect(result.metrics[name]).toBeCloseTo(again[name] as number, 9)
    const { confusionMatrix, confidenceMetrics } = result.metrics as unknown as {
      confusionMatrix: { annotationSpecs: { displayName: string }[]; rows: number[][] }
      confidenceMetrics: Record<string, number>[]
    }
    expect(confusionMatrix.annotationSpecs.map(({ displayName }) => displayName)).toEqual(['apple', 'pear', 'plum'])
    expect(confusionMatrix.rows).toEqual(again['rows'])
    const half = confidenceMetrics.find(({ confidenceThreshold }) => confidenceThreshold === 0.5)
    expect(half?.['recall']).toBeCloseTo(again['recall'] as number, 9)
    expect(half?.['precision']).toBeCloseTo(again['precision'] as number, 9)
    const everything = confidenceMetrics[0] as Record<string, number>
    expect(everything['truePositiveCount']).toBe(lines.length)
    expect(everything['falsePositiveCount']).toBe(2 * lines.length)
    expect(everything['recallAt1']).toBeCloseTo(
      confusionMatrix.rows.reduce((sum, row, at) => sum + (row[at] ?? 0), 0) / lines.length,
      9,
    )
    const slices = again['slices'] as Record<string, { auRoc: number; recall: number }>
    for (const { value, metrics } of result.slices) {
      expect(metrics['auRoc']).toBeCloseTo(slices[value]?.auRoc as number, 9)
      const entries = metrics['confidenceMetrics'] as unknown as Record<string, number>[]
      expect(entries[50]?.['recall']).toBeCloseTo(slices[value]?.recall as number, 9)
    }
    expect(result.slices.map(({ value }) => value)).toEqual(['apple', 'pear', 'plum'])
  })

  it('learns something and proves that the exported graph agrees', () => {
    const { metrics, parity, model, chosen } = trained.result
    expect(metrics['auRoc']).toBeGreaterThan(0.9)
    expect(parity.labelDifferences).toBe(0)
    expect(parity.largestDifference).toBeLessThan(1e-3)
    expect(model).toMatchObject({ format: 1, target: 'kind', classes: ['apple', 'pear', 'plum'] })
    expect(model['features']).toMatchObject([
      { name: 'weight', type: 'numeric' },
      { name: 'size', type: 'numeric' },
      { name: 'colour', type: 'categorical' },
    ])
    expect(chosen.algorithm).toMatch(/linear|boosting|network|forest/)
  })

  it('splits about 8:1:1, and by content', async () => {
    const { training, validation, test } = trained.result.rows
    expect(training + validation + test).toBe(900)
    expect(training).toBeGreaterThan(660)
    expect(test).toBe(trained.lines.length)
    const twice = await trainOn([...rows.slice(0, 300), ...rows.slice(0, 300)])
    const sides = new Map<number, number>()
    for (const { row } of twice.lines) sides.set(Number(row) % 300, (sides.get(Number(row) % 300) ?? 0) + 1)
    expect([...sides.values()].every((seen) => seen === 2)).toBe(true)
  })

  it('takes a transformation of the target, as Vertex AI does, without learning from it', async () => {
    const { result, log } = await trainOn(rows, { columns: { weight: 'auto', kind: 'categorical' } })
    expect((result.model['features'] as { name: string }[]).map(({ name }) => name)).toEqual(['weight'])
    expect(log.join('\n')).toContain("'kind' has no effect")
  })

  it('makes the same model of the same data', async () => {
    const again = await trainOn(rows)
    expect(again.result.model['sha256']).toBe(trained.result.model['sha256'])
  })

  it('tries more candidates with a larger budget', async () => {
    const more = await trainOn(rows, { budgetMilliNodeHours: 3000, earlyStopping: false })
    expect(trained.result.search.candidates).toBe(6)
    expect(more.result.search.candidates).toBe(18)
    expect(more.result.search.fits).toBeGreaterThan(trained.result.search.fits)
    expect(trained.result.search.stoppedBy).toBe('budget')
  })

  it.each(['maximize-au-roc', 'maximize-au-prc', 'maximize-precision-at-recall', 'maximize-recall-at-precision'])(
    'honours %s on two classes',
    async (objective) => {
      const two = rows.filter(({ kind }) => kind !== 'plum').slice(0, 300)
      const values = { recallValue: 0.8, precisionValue: 0.8 }
      const { result } = await trainOn(two, { objective, ...values })
      expect(result.objective).toBe(objective)
      expect(result.chosen.validationScore).toBeGreaterThan(0.5)
      expect(result.chosen.validationScore).toBeLessThanOrEqual(1)
    },
  )
})

describe('splits and weights', () => {
  it('honours given fractions and gives the rest to the sets not named', async () => {
    const { result } = await trainOn(fruit(1000), { split: { kind: 'fraction', test: 0.4 } })
    expect(result.rows.test).toBeGreaterThan(340)
    expect(result.rows.test).toBeLessThan(460)
    expect(result.rows.validation).toBeLessThan(110)
  })

  it('takes the column that says where a row belongs, and ignores rows where it says nothing', async () => {
    const sets = ['training', 'TEST', 'validation', 'training', 'unassigned']
    const rows = fruit(500).map((row, at) => ({ ...row, part: sets[at % 5] as string }))
    const { result, lines } = await trainOn(rows, { split: { kind: 'predefined', column: 'part' } })
    expect(result.rows).toEqual({ training: 200, validation: 100, test: 100 })
    expect(lines.every(({ row }) => Number(row) % 5 === 1)).toBe(true)
  })

  it('tests on the newest rows', async () => {
    const split = { kind: 'timestamp', column: 'seen', training: 0.7, validation: 0.1, test: 0.2 } as const
    const { lines } = await trainOn(fruit(500), { split })
    expect(lines.map(({ row }) => Number(row))).toEqual(Array.from({ length: 100 }, (_, at) => 400 + at))
  })

  it('ignores rows of weight 0', async () => {
    const rows = fruit(600).map((row, at) => ({ ...row, importance: at % 2 }))
    const { result, log } = await trainOn(rows, { weightColumn: 'importance' })
    expect(result.rows.training + result.rows.validation + result.rows.test).toBe(300)
    expect(log.join('\n')).toContain('300 rows are ignored')
  })

  it('lets rare classes into every set', async () => {
    const rows = [
      ...fruit(300).filter(({ kind }) => kind !== 'plum'),
      ...fruit(60, 9)
        .filter(({ kind }) => kind === 'plum')
        .slice(0, 5),
    ]
    const { result } = await trainOn(rows)
    const [, , plum] = (result.metrics['confusionMatrix'] as unknown as { rows: number[][] }).rows
    expect(plum?.reduce((sum, cell) => sum + cell, 0)).toBeGreaterThan(0)
  })
})

describe('regression', () => {
  it.each(['minimize-rmse', 'minimize-mae', 'minimize-rmsle'])(
    '%s: metrics are those of the prediction file',
    async (objective) => {
      const changes = { target: 'price', predictionType: 'regression', objective } as const
      const { result } = await trainOn(fruit(600), changes)
      const again = await recompute(result.predictionsFile)
      expect(Object.keys(result.metrics).sort()).toEqual(Object.keys(again).sort())
      for (const [name, value] of Object.entries(again)) expect(result.metrics[name]).toBeCloseTo(value as number, 6)
      expect(result.metrics['rSquared']).toBeGreaterThan(0.5)
      expect(result.slices).toEqual([])
      const { lower, upper } = result.model['interval'] as { lower: number; upper: number }
      expect(lower).toBeLessThan(0)
      expect(upper).toBeGreaterThan(0)
    },
  )
})

describe('bad input', () => {
  const rows = fruit(120)
  const bad: [string, () => readonly Row[], Partial<TrainingRequest>, RegExp, RegExp][] = [
    [
      'no target column',
      () => rows,
      { target: 'Kind' },
      /target column 'Kind' is not in the data/,
      /weight, size, colour/,
    ],
    ['one class', () => rows.map((row) => ({ ...row, kind: 'apple' })), {}, /one class only: 'apple'/, /two classes/],
    ['few rows', () => rows.slice(0, 49), {}, /only 49 rows/, /at least 50/],
    ['a rare class', () => [...rows, { ...rows[0], kind: 'fig' } as Row], {}, /'fig' \(1\)/, /at least 3/],
    [
      'a text in a numeric column',
      () => rows.with(4, { ...rows[4], weight: 'heavy' } as Row),
      {},
      /'weight' holds 'heavy' in fruit.csv, line 6/,
      /categorical/,
    ],
    [
      'an infinite number',
      () => rows.with(0, { ...rows[0], weight: '1e999' } as Row),
      {},
      /'1e999' in fruit.csv, line 2/,
      /./,
    ],
    ['an unknown column', () => rows, { columns: { colr: 'auto' } }, /'colr' is not in the data/, /colour/],
    [
      'the weights as a feature',
      () => rows,
      { columns: { size: 'auto' }, weightColumn: 'size' },
      /'size' is the weight/,
      /transf/,
    ],
    [
      'a target without value',
      () => rows.with(1, { ...rows[1], kind: '' } as Row),
      {},
      /'kind' is empty in fruit.csv, line 3/,
      /Fill in/,
    ],
    [
      'a strange weight',
      () => rows.map((row) => ({ ...row, w: -1 })),
      { weightColumn: 'w' },
      /'w' holds '-1'/,
      /0 to 10000/,
    ],
    [
      'fractions above 1',
      () => rows,
      { split: { kind: 'fraction', training: 0.9, test: 0.2 } },
      /0.9 \+ 0.2 = 1.1/,
      /sum to 1/,
    ],
    ['no test rows', () => rows, { split: { kind: 'fraction', test: 0 } }, /test set has no rows/, /share/],
    [
      'an objective of the other type',
      () => rows,
      { objective: 'minimize-mae' },
      /'minimize-mae'/,
      /minimize-log-loss/,
    ],
    [
      'an objective for two classes',
      () => rows,
      { objective: 'maximize-precision-at-recall', recallValue: 0.5 },
      /has 3/,
      /minimize-log-loss/,
    ],
    ['a regression on texts', () => rows, { predictionType: 'regression' }, /'kind' holds/, /number|categorical/],
    [
      'a column of one value',
      () => rows.map((row) => ({ ...row, weight: 1 })),
      { columns: { weight: 'auto' } },
      /No column is left/,
      /varies/,
    ],
  ]
  it.each(bad)('%s', async (_, data, changes, message, remedy) => {
    await expect(trainOn(data(), changes)).rejects.toMatchObject({
      code: 'training_failed',
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(remedy) as string,
    })
  })

  it.each([
    ['an empty file', '', /is empty/],
    ['a header alone', 'weight,size,colour,kind\n', /no rows/],
    ['a ragged row', 'weight,kind\n1,apple\n2\n', /line 3 has 1 values, the header 2/],
    ['two columns of a name', 'weight,weight,kind\n1,2,apple\n', /two columns named 'weight'/],
    ['another encoding', Buffer.from([0x77, 0x2c, 0x6b, 0x0a, 0xff, 0xfe, 0x2c, 0x61, 0x0a]), /not UTF-8/],
  ])('%s', async (_, content, message) => {
    count += 1
    const file = join(root, `bad-${count}.csv`)
    await writeFile(file, content)
    await expect(trainOn(rows, { files: [file] })).rejects.toMatchObject({
      code: 'training_failed',
      message: expect.stringMatching(message) as string,
    })
  })

  it('stops when asked', async () => {
    const folder = await mkdtemp(join(root, 'stopped-'))
    const abort = new AbortController()
    const request: TrainingRequest = {
      files: [await writeCsv(join(folder, 'fruit.csv'), fruit(2000))],
      target: 'kind',
      predictionType: 'classification',
      budgetMilliNodeHours: 72_000,
      split: { kind: 'fraction' },
      earlyStopping: false,
      seed: 1,
      modelFolder: join(folder, 'model'),
      evaluationFolder: join(folder, 'evaluation'),
    }
    const log = (line: string) => line.startsWith('Search:') && abort.abort(new Error('enough'))
    await expect(train(request, { environments, folder, log }, abort.signal)).rejects.toThrow('enough')
  })
})
