import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { automlRequirements } from '../../src/platform/automl/train.ts'
import { runProcess, scrubbedEnvironment } from '../../src/processes/run-process.ts'
import { sharedEnvironments } from '../automl/environments.ts'
import { type JobSeen, type Orchard, openOrchard } from './orchard.ts'

// Real trainings, on cores that other tests use, too.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 })

let orchard: Orchard
let python: string
beforeAll(async () => {
  orchard = await openOrchard({ containers: 'host' })
  python = (await sharedEnvironments().ensure(await automlRequirements())).python
})
afterAll(() => orchard?.[Symbol.asyncDispose]())

/** What scikit-learn alone makes of `{label, predicted, p_CLASS}`. */
const recompute = async (lines: readonly JsonObject[]): Promise<Record<string, number | number[][]>> => {
  const file = join(orchard.root, 'judged.jsonl')
  await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'))
  const args = [join(import.meta.dirname, '../automl/recompute.py'), file]
  const { stdout, stderr } = await runProcess({ command: python, args, cwd: orchard.root, env: scrubbedEnvironment() })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Record<string, number | number[][]>
}

const jsonLines = async (file: string): Promise<readonly JsonObject[]> =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject)

const csvLines = async (file: string): Promise<readonly Record<string, string>[]> => {
  const [header = '', ...rows] = (await readFile(file, 'utf8')).trimEnd().split('\n')
  const names = header.split(',')
  return rows.map((row) => Object.fromEntries(row.split(',').map((cell, at) => [names[at] ?? '', cell])))
}

const metadataOf = (job: JobSeen, task: string, output: string): JsonObject =>
  job.tasks[task]?.artifacts[output]?.metadata ?? {}

const evaluationsOf = async (parent: string): Promise<readonly JsonObject[]> =>
  (await orchard.call('ModelService', 'listModelEvaluations', { parent }))['modelEvaluations'] as JsonObject[]

describe('from a query to a price', () => {
  let job: JobSeen
  let model: string
  beforeAll(async () => {
    job = await orchard.run('prices', { root: orchard.root })
    model = String(metadataOf(job, 'automl-tabular-training-job', 'model')['resourceName'])
  })
  const tables = () => join(orchard.root, 'platform', 'tables', 'orchard')

  it('runs to its end', () => {
    expect(job.error).toBe('')
    expect(job.state).toBe('PIPELINE_STATE_SUCCEEDED')
  })

  it('writes the answer of the query where later steps find it', async () => {
    expect(metadataOf(job, 'bigquery-query-job', 'destination_table')).toMatchObject({
      projectId: 'orchard',
      datasetId: 'harvest',
      tableId: 'training',
    })
    const fruits = await csvLines(join(orchard.root, 'fruit.csv'))
    const rows = await csvLines(join(tables(), 'harvest', 'training.csv'))
    expect(rows.length).toBe(fruits.filter(({ weight }) => weight !== '' && Number(weight) >= 40).length)
    expect(Object.keys(rows[0] ?? {})).toEqual(['weight', 'size', 'colour', 'price', 'seen', 'what', 'part'])
    expect(rows.every(({ what = '', part }) => /^a (apple|pear|plum)$/.test(what) && Number(part) < 10)).toBe(true)
  })

  it('trains for the objective asked for and judges the newest rows', async () => {
    const [evaluation] = (await evaluationsOf(model)).filter(({ displayName }) => displayName === 'test rows')
    const { rows } = (evaluation?.['metadata'] ?? {}) as { rows?: Record<string, number> }
    const total = (await csvLines(join(tables(), 'harvest', 'training.csv'))).length
    expect(rows).toEqual({
      training: Math.floor(total * 0.7),
      validation: Math.floor(total * 0.1),
      test: total - Math.floor(total * 0.7) - Math.floor(total * 0.1),
    })
    expect(evaluation?.['metricsSchemaUri']).toMatch(/regression_metrics/)
    const found = await orchard.call('ModelService', 'getModel', { name: model })
    expect(found['metadata']).toMatchObject({ objective: 'minimize-mae' })
  })

  it('evaluates the predictions as scikit-learn does, and imports that', async () => {
    const [dataset = ''] = (await readdir(tables())).filter((name) => name.startsWith('prediction_prices_'))
    const lines = await jsonLines(join(tables(), dataset, 'predictions.jsonl'))
    const predicted = lines.map((line) => (line['predicted_price'] as { value: number }).value)
    const expected = await recompute(
      lines.map((line, at) => ({ label: Number(line['price']), predicted: predicted[at] as number })),
    )
    const metrics = metadataOf(job, 'model-evaluation-regression', 'evaluation_metrics')
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected)) expect(metrics[name]).toBeCloseTo(value as number, 9)
    expect(metrics['rSquared']).toBeGreaterThan(0.9)
    const [imported] = (await evaluationsOf(model)).filter(({ displayName }) => displayName === 'all rows')
    expect(imported?.['metrics']).toEqual(metrics)
    expect(imported?.['metadata']).toMatchObject({ evaluation_dataset_path: ['bq://orchard.harvest.training'] })
  })

  it('answers with a sensible price', async () => {
    const endpoint = String(metadataOf(job, 'endpoint-create', 'endpoint')['resourceName'])
    const instances = [
      { weight: 150, what: 'a apple' },
      { weight: 60, what: 'a plum' },
    ]
    const answer = await orchard.call('PredictionService', 'predict', { endpoint, instances })
    const [apple, plum] = (answer['predictions'] as { value: number }[]).map(({ value }) => value)
    expect(Math.abs((apple ?? 0) - 1.9)).toBeLessThan(0.2)
    expect(Math.abs((plum ?? 0) - 1.6)).toBeLessThan(0.2)
  })

  it('is judged once more by the ready-made evaluation', async () => {
    const judged = await orchard.run('judged', {
      model,
      dataset: String(metadataOf(job, 'tabular-dataset-create', 'dataset')['resourceName']),
      data: join(tables(), 'harvest', 'training.csv'),
      out: 'gs://orchard/judged',
      prediction_type: 'regression',
      target: 'price',
    })
    expect([judged.state, judged.error]).toEqual(['PIPELINE_STATE_SUCCEEDED', ''])
    const first = metadataOf(job, 'model-evaluation-regression', 'evaluation_metrics')
    const again = metadataOf(judged, 'model-evaluation-regression', 'evaluation_metrics')
    expect(again['rootMeanSquaredError']).toBeCloseTo(Number(first['rootMeanSquaredError']), 9)
    expect(judged.tasks['model-evaluation-classification']).toBeUndefined()
  })
})

describe('kinds of fruit', () => {
  let job: JobSeen
  let model: string
  beforeAll(async () => {
    job = await orchard.run('kinds', { data: 'gs://orchard/fruit.csv', out: 'gs://orchard/predicted' })
    model = String(metadataOf(job, 'automl-tabular-training-job', 'model')['resourceName'])
  })

  it('are predicted without the truth and judged with it', async () => {
    expect([job.state, job.error]).toEqual(['PIPELINE_STATE_SUCCEEDED', ''])
    const [folder = ''] = await readdir(join(orchard.root, 'predicted'))
    const predictions = await csvLines(join(orchard.root, 'predicted', folder, 'prediction.results-00000-of-00001.csv'))
    expect(predictions.length).toBe(120)
    expect(Object.keys(predictions[0] ?? {})).not.toContain('kind')
    const fruits = await csvLines(join(orchard.root, 'fruit.csv'))
    const classes = ['apple', 'pear', 'plum']
    const expected = await recompute(
      predictions.map((row) => {
        const truth = fruits.find(({ seen }) => seen === row['seen'])
        const scores = Object.fromEntries(classes.map((name) => [`p_${name}`, Number(row[`kind_${name}_scores`])]))
        const [predicted = ''] = [...classes].sort((a, b) => (scores[`p_${b}`] ?? 0) - (scores[`p_${a}`] ?? 0))
        return { label: truth?.['kind'] ?? '', predicted, ...scores }
      }),
    )
    const metrics = metadataOf(job, 'model-evaluation-classification', 'evaluation_metrics')
    for (const name of ['auRoc', 'auPrc', 'logLoss']) expect(metrics[name]).toBeCloseTo(expected[name] as number, 9)
    expect(metrics['confusionMatrix']).toMatchObject({ rows: expected['rows'] })
  })

  it('have an imported evaluation with the slices asked for', async () => {
    const [imported] = (await evaluationsOf(model)).filter(({ displayName }) => displayName === 'a sample')
    const listed = await orchard.call('ModelService', 'listModelEvaluationSlices', {
      parent: String(imported?.['name']),
    })
    expect((listed['modelEvaluationSlices'] as JsonObject[]).map(({ slice }) => slice)).toEqual([
      { dimension: 'annotationSpec', value: 'plum' },
    ])
  })

  it('are judged by the ready-made evaluation, too', async () => {
    const judged = await orchard.run('judged', {
      model,
      dataset: String(metadataOf(job, 'tabular-dataset-create', 'dataset')['resourceName']),
      data: 'gs://orchard/fruit.csv',
      out: 'gs://orchard/judged',
      prediction_type: 'classification',
      target: 'kind',
    })
    expect([judged.state, judged.error]).toEqual(['PIPELINE_STATE_SUCCEEDED', ''])
    expect(metadataOf(judged, 'model-evaluation-classification', 'evaluation_metrics')['auRoc']).toBeGreaterThan(0.9)
  })
})

describe('a custom job', () => {
  it('runs its container, delivers its model, and a component in one has its own outputs', async () => {
    const job = await orchard.run('custom', { out: 'gs://orchard/own' })
    expect([job.state, job.error]).toEqual(['PIPELINE_STATE_SUCCEEDED', ''])
    expect(await readFile(join(orchard.root, 'own', 'model', 'model.txt'), 'utf8')).toBe('hello\n')
    expect(metadataOf(job, 'double', 'crosses')).toMatchObject({ count: 21 })
    expect(job.tasks['add-one']?.metadata).toMatchObject({ 'input:number': 42, 'output:Output': 43 })
  })
})

describe('a custom job that would write to a path', () => {
  it('is refused', async () => {
    const job = await orchard.run('custom', { out: join(orchard.root, 'anywhere') })
    expect(job.tasks['custom-training-job']?.error).toMatch(/base_output_directory is .*, a path of this machine/)
  })
})

describe('what is not done here', () => {
  it('is refused by name before anything runs', async () => {
    const job = await orchard.run('bqml')
    expect(job.error).toMatch(/bigquery-create-model-job needs BigQuery/)
    expect([job.state, job.tasks]).toEqual(['PIPELINE_STATE_FAILED', {}])
  })
})
