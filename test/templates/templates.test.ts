import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createCompiler } from '../../src/adapters/compilers/compiler.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { type TemplateName, templateNames, templates } from '../../src/domain/templates.ts'
import { type JobSeen, type Orchard, openOrchard } from '../catalogue/orchard.ts'

// Real trainings, on cores that other tests use, too.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 })

const compileTemplate = async (template: TemplateName): Promise<JsonObject> => {
  const noPython = { ensure: () => Promise.reject(new Error('a template needs no Python')) }
  await using compiler = createCompiler({ environments: noPython })
  const result = await compiler.compile('/', { kind: 'template', template }, new AbortController().signal)
  if (!result.ok) throw new Error(result.error)
  return result.ir
}

describe.each(templateNames)('the template %s', (name) => {
  it('has the parameters that winnow.yaml is checked against', async () => {
    const { root } = (await compileTemplate(name)) as { root?: { inputDefinitions?: { parameters?: object } } }
    const expected = Object.entries<JsonObject>(templates[name]).map(([key, parameter]) => [
      key,
      {
        parameterType: parameter['type'],
        description: parameter['description'],
        ...(parameter['default'] === undefined ? {} : { defaultValue: parameter['default'] }),
        ...(parameter['default'] === undefined && parameter['optional'] !== true ? {} : { isOptional: true }),
      },
    ])
    expect(root?.inputDefinitions?.parameters).toEqual(Object.fromEntries(expected))
  })

  it('compiles to the same each time', async () => {
    expect(await compileTemplate(name)).toEqual(await compileTemplate(name))
  })
})

describe('on the embedded platform', () => {
  let orchard: Orchard
  let rows: string
  beforeAll(async () => {
    orchard = await openOrchard()
    rows = await readFile(join(orchard.root, 'fruit.csv'), 'utf8')
  })
  afterAll(() => orchard?.[Symbol.asyncDispose]())

  const run = async (template: TemplateName, parameters: JsonObject): Promise<JobSeen> =>
    orchard.runSpec(template, await compileTemplate(template), parameters)
  const evaluations = async (job: JobSeen): Promise<readonly JsonObject[]> => {
    const parent = String(job.tasks['automl-tabular-training-job']?.artifacts['model']?.metadata['resourceName'])
    return (await orchard.call('ModelService', 'listModelEvaluations', { parent }))['modelEvaluations'] as JsonObject[]
  }

  it('classification trains from files, evaluates on others, and predicts', async () => {
    const [header = '', ...lines] = rows.trimEnd().split('\n')
    const target = header.split(',').indexOf('kind')
    const write = (name: string, some: readonly string[]) => writeFile(join(orchard.root, name), `${some.join('\n')}\n`)
    await write('training.csv', [header, ...lines.slice(0, 300)])
    await write('held.csv', [header, ...lines.slice(300)])
    const bare = [header, ...lines.slice(300, 320)].map((line) => line.split(',').toSpliced(target, 1).join(','))
    await write('new.csv', bare)

    const job = await run('automl-tabular-classification', {
      target_column: 'kind',
      gcs_source: ['gs://orchard/training.csv'],
      run_evaluation: true,
      evaluation_source: ['gs://orchard/held.csv'],
      run_batch_predict: true,
      batch_predict_source: ['gs://orchard/new.csv'],
    })
    expect(job.error).toBe('')
    expect(job.state).toBe('PIPELINE_STATE_SUCCEEDED')
    const judged = (await evaluations(job)).find(({ displayName }) => displayName === 'evaluation rows')
    const { metrics } = judged as { metrics: { auRoc: number } }
    expect(metrics.auRoc).toBeGreaterThan(0.8)

    const folder = job.tasks['model-batch-predict-2']?.artifacts['gcs_output_directory']?.uri ?? ''
    const files = (await readdir(folder)).filter((name) => name.startsWith('prediction'))
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
    expect(texts.join('').trimEnd().split('\n')).toHaveLength(20)
  })

  it('regression trains from a table, and its own evaluation is kept with the model', async () => {
    const job = await run('automl-tabular-regression', {
      target_column: 'price',
      bq_source: 'bq://orchard.harvest.fruit',
      optimization_objective: 'minimize-mae',
      column_specs: { weight: 'numeric', size: 'auto', colour: 'categorical' },
    })
    expect(job.error).toBe('')
    expect(job.state).toBe('PIPELINE_STATE_SUCCEEDED')
    const [own] = await evaluations(job)
    expect((own as { metrics: { rSquared: number } }).metrics.rSquared).toBeGreaterThan(0.5)
    expect(job.tasks['model-batch-predict']).toBeUndefined()
  })
})
