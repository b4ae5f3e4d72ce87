import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { writeLinearModel } from './linear-model.ts'
import { say, shellPipeline } from './shell-pipeline.ts'
import { finished, openSite, parent, refusal, type Site } from './site.ts'
import { until } from './until.ts'
import { struct, value } from './wire-values.ts'

const [INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, UNIMPLEMENTED] = [3, 5, 6, 9, 12]

let site: Site
beforeAll(async () => {
  site = await openSite({
    containers: 'host',
    addresses: { 'gs://grain/': 'grain', 'bq://farm.silo.rows': 'rows.csv' },
  })
  await mkdir(join(site.root, 'grain'))
  await writeFile(join(site.root, 'rows.csv'), 'x,note\n1,"one, first"\n2,"two ""second"""\n')
})
afterAll(() => site[Symbol.asyncDispose]())

const submit = (pipelineJobId: string, spec: JsonObject, config: object = {}, more: object = {}) =>
  site.clients.pipelines.createPipelineJob({
    parent,
    pipelineJobId,
    pipelineJob: {
      displayName: pipelineJobId,
      pipelineSpec: struct(spec),
      runtimeConfig: {
        gcsOutputDirectory: 'gs://grain/runs',
        parameterValues: { word: value('hello') },
        ...config,
      },
      ...more,
    },
  })
const jobName = (id: string) => `${parent}/pipelineJobs/${id}`
const ended = (id: string) =>
  until(`the end of ${id}`, async () => {
    const [job] = await site.clients.pipelines.getPipelineJob({ name: jobName(id) })
    return /SUCCEEDED|FAILED|CANCELLED/.test(String(job.state)) && job
  })

describe('pipeline jobs', () => {
  it('runs a pipeline and tells all of its tasks', async () => {
    const spec = shellPipeline({ first: { script: say }, second: { script: say, after: ['first'] } })
    const [created] = await submit('tells', spec, {}, { labels: { of: 'test' } })
    expect(created).toMatchObject({ name: jobName('tells'), state: 'PIPELINE_STATE_PENDING', labels: { of: 'test' } })
    const job = await ended('tells')
    expect(job.state).toBe('PIPELINE_STATE_SUCCEEDED')
    expect(job.error).toBeNull()
    const tasks = new Map(job.jobDetail?.taskDetails?.map((task) => [task.taskName, task]))
    const first = tasks.get('first')
    expect(first).toMatchObject({ state: 'SUCCEEDED', execution: { state: 'COMPLETE' } })
    expect(String(first?.taskId)).toMatch(/^[1-9]\d*$/)
    const metadata = first?.execution?.metadata?.fields ?? {}
    expect(metadata['input:word']?.stringValue).toBe('hello')
    expect(metadata['output:said']?.stringValue).toBe('hello')
    const log = await readFile(fileURLToPath(metadata['log_uri']?.stringValue ?? ''), 'utf8')
    expect(log).toContain('saying hello')
    const page = first?.outputs?.['page']?.artifacts?.[0]
    expect(page).toMatchObject({ schemaTitle: 'system.Metrics', schemaVersion: '0.0.1' })
    expect(page?.name).toMatch(/^projects\/local\/locations\/local\/metadataStores\/default\/artifacts\/\d+$/)
    expect(await readFile(page?.uri ?? '', 'utf8')).toBe('{}')
    const seconds = (time: { seconds?: unknown; nanos?: unknown } | null | undefined) =>
      Number(time?.seconds) + Number(time?.nanos) / 1e9
    expect(seconds(tasks.get('second')?.startTime)).toBeGreaterThanOrEqual(seconds(first?.endTime))
    expect(first?.pipelineTaskStatus?.map(({ state }) => state)).toEqual(['PENDING', 'RUNNING', 'SUCCEEDED'])
    expect(job.runtimeConfig?.parameterValues?.['word']?.stringValue).toBe('hello')
    expect(job.pipelineSpec?.fields?.['schemaVersion']?.stringValue).toBe('2.1.0')
  })

  it('says why a task failed, and that the next one never ran', async () => {
    const failing = { script: 'echo out of grain >&2; exit 7' }
    await submit('fails', shellPipeline({ bad: failing, next: { script: say, after: ['bad'] } }))
    const job = await ended('fails')
    expect(job.state).toBe('PIPELINE_STATE_FAILED')
    expect(job.error?.message).toContain('bad')
    const tasks = new Map(job.jobDetail?.taskDetails?.map((task) => [task.taskName, task]))
    expect(tasks.get('bad')).toMatchObject({ state: 'FAILED', execution: { state: 'FAILED' } })
    expect(tasks.get('bad')?.error?.message).toMatch(/7[\s\S]*out of grain/)
    expect(tasks.get('next')?.state).toBe('NOT_TRIGGERED')
  })

  it('takes the parameters of schema 2.0.0 in their own form', async () => {
    const spec = shellPipeline({ first: { script: say } }, '2.0.0')
    const config = { parameterValues: {}, parameters: { word: { stringValue: 'old' } } }
    await submit('old-schema', spec, config)
    const job = await ended('old-schema')
    expect(job.state).toBe('PIPELINE_STATE_SUCCEEDED')
    const [task] = job.jobDetail?.taskDetails?.filter(({ taskName }) => taskName === 'first') ?? []
    expect(task?.execution?.metadata?.fields?.['output:said']?.stringValue).toBe('old')
  })

  it('cancels, deletes what has ended, and keeps ids unique', async () => {
    const { pipelines } = site.clients
    const spec = shellPipeline({ slow: { script: 'sleep 600' } })
    await submit('slow', spec)
    await until('the task to run', async () => {
      const [job] = await pipelines.getPipelineJob({ name: jobName('slow') })
      return job.jobDetail?.taskDetails?.some(({ state }) => state === 'RUNNING')
    })
    expect(await refusal(submit('slow', spec))).toMatchObject({ code: ALREADY_EXISTS })
    const name = jobName('slow')
    expect(await refusal(finished(pipelines.deletePipelineJob({ name })))).toMatchObject({ code: FAILED_PRECONDITION })
    await pipelines.cancelPipelineJob({ name })
    expect((await ended('slow')).state).toBe('PIPELINE_STATE_CANCELLED')
    expect(await refusal(pipelines.cancelPipelineJob({ name }))).toMatchObject({ code: FAILED_PRECONDITION })
    await finished(pipelines.deletePipelineJob({ name }))
    expect(await refusal(pipelines.getPipelineJob({ name }))).toMatchObject({ code: NOT_FOUND })
  })

  it('lists by state and name of the pipeline', async () => {
    await submit('listed', shellPipeline({ first: { script: say } }))
    await ended('listed')
    const { pipelines } = site.clients
    const list = (filter: string) => pipelines.listPipelineJobs({ parent, filter, readMask: { paths: ['state'] } })
    const [found] = await list('pipeline_name="shell" AND display_name="listed" AND state=PIPELINE_STATE_SUCCEEDED')
    expect(found.map(({ name }) => name)).toEqual([jobName('listed')])
    expect(found[0]?.pipelineSpec).toBeNull()
    expect((await list('display_name="listed" AND state=PIPELINE_STATE_FAILED'))[0]).toEqual([])
  })

  it('fails the job of a pipeline that this machine cannot run', async () => {
    const spec = shellPipeline({ first: { script: say } })
    const executors = { 'exec-first': { container: { image: 'example/entry:1' } } }
    await submit('unsupported', { ...spec, deploymentSpec: { executors } })
    const job = await ended('unsupported')
    expect(job).toMatchObject({ state: 'PIPELINE_STATE_FAILED', error: { code: INVALID_ARGUMENT } })
    expect(job.error?.message).toContain('example/entry:1')
  })

  it.each<[string, string, object, object, string]>([
    ['a bad id', 'Bad_Id', {}, {}, 'pipeline_job_id'],
    ['an id that is too long', `a${'b'.repeat(128)}`, {}, {}, 'pipeline_job_id'],
    ['a missing parameter', 'refused', {}, { parameterValues: {} }, '"word"'],
    ['an unknown parameter', 'refused', {}, { parameterValues: { word: value('a'), wrod: value('b') } }, '"wrod"'],
    [
      'a parameter of a wrong type',
      'refused',
      {},
      { parameterValues: { word: value('a'), times: value('b') } },
      '"times"',
    ],
    [
      'parameters in the form of another schema',
      'refused',
      {},
      { parameters: { word: { stringValue: 'a' } } },
      'parameterValues',
    ],
    ['no output directory', 'refused', {}, { gcsOutputDirectory: '' }, 'gcs_output_directory'],
    ['an unmapped output directory', 'refused', {}, { gcsOutputDirectory: 'gs://chaff/runs' }, 'gs://chaff/runs'],
    ['a component that is not there', 'refused', { components: {} }, {}, 'comp-first'],
  ])('refuses %s before anything is kept', async (_, id, change, config, part) => {
    const spec = { ...shellPipeline({ first: { script: say } }), ...change }
    expect(await refusal(submit(id, spec, config))).toMatchObject({
      code: INVALID_ARGUMENT,
      message: expect.stringContaining(part),
    })
    expect(await refusal(site.clients.pipelines.getPipelineJob({ name: jobName(id) }))).toMatchObject({
      code: NOT_FOUND,
    })
  })

  it('says which methods it has not', async () => {
    const answer = await refusal(
      site.clients.pipelines.cancelTrainingPipeline({ name: `${parent}/trainingPipelines/1` }),
    )
    expect(answer).toMatchObject({ code: UNIMPLEMENTED, message: expect.stringContaining('CancelTrainingPipeline') })
  })
})

describe('datasets', () => {
  const metadata = (uri: string) => value({ inputConfig: { bigquerySource: { uri } } })
  const metadataSchemaUri = 'gs://google-cloud-aiplatform/schema/dataset/metadata/tabular_1.0.0.yaml'

  it('remembers where a table lies', async () => {
    const { datasets } = site.clients
    const dataset = { displayName: 'rows', metadataSchemaUri, metadata: metadata('bq://farm.silo.rows') }
    const { name } = await finished<{ name: string }>(datasets.createDataset({ parent, dataset }))
    const [found] = await datasets.getDataset({ name })
    const config = found.metadata?.structValue?.fields?.['inputConfig']?.structValue?.fields
    expect(config?.['bigquerySource']?.structValue?.fields?.['uri']?.stringValue).toBe('bq://farm.silo.rows')
    const update = { dataset: { name, description: 'of the silo' }, updateMask: { paths: ['description'] } }
    expect((await datasets.updateDataset(update))[0]).toMatchObject({ displayName: 'rows', description: 'of the silo' })
    const [listed] = await datasets.listDatasets({ parent, filter: 'displayName="rows"' })
    expect(listed.map((each) => each.name)).toEqual([name])
    await finished(datasets.deleteDataset({ name }))
    expect(await refusal(datasets.getDataset({ name }))).toMatchObject({ code: NOT_FOUND })
  })

  it.each([
    ['an unmapped table', 'bq://farm.silo.chaff', INVALID_ARGUMENT],
    ['a mapped file that is not there', 'gs://grain/none.csv', NOT_FOUND],
    ['a pattern that matches nothing', 'gs://grain/none-*.csv', NOT_FOUND],
  ])('refuses %s', async (_, uri, code) => {
    const dataset = { displayName: 'rows', metadataSchemaUri, metadata: metadata(uri) }
    expect(await refusal(finished(site.clients.datasets.createDataset({ parent, dataset })))).toMatchObject({
      code,
      message: expect.stringContaining(uri.slice(0, 12)),
    })
  })
})

describe('batch prediction', () => {
  const upload = async (): Promise<string> => {
    const artifactUri = await writeLinearModel(join(site.root, 'made', 'doubles'), 2)
    const model = { displayName: 'doubles', artifactUri }
    return (await finished<{ model: string }>(site.clients.models.uploadModel({ parent, model }))).model
  }
  const create = async (model: string, inputConfig: object, outputConfig: object = {}) =>
    site.clients.jobs.createBatchPredictionJob({
      parent,
      batchPredictionJob: {
        displayName: 'batch',
        model,
        inputConfig,
        outputConfig: {
          predictionsFormat: 'jsonl',
          gcsDestination: { outputUriPrefix: 'gs://grain/out' },
          ...outputConfig,
        },
      },
    })
  const result = async (name: string) => {
    const job = await until('the batch', async () => {
      const [found] = await site.clients.jobs.getBatchPredictionJob({ name })
      return /SUCCEEDED|FAILED|CANCELLED/.test(String(found.state)) && found
    })
    const folder = String(job.outputInfo?.gcsOutputDirectory).replace('gs://grain/', join(site.root, 'grain/'))
    return { job, folder }
  }
  const lines = async (file: string): Promise<{ prediction?: { value: number }; error?: { message: string } }[]> =>
    (await readFile(file, 'utf8'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))

  it('predicts every line that fits and reports every line that does not', async () => {
    const rows = Array.from({ length: 1_100 }, (_, x) => JSON.stringify({ x }))
    rows.splice(600, 0, 'no JSON', JSON.stringify({ x: 'many' }))
    await writeFile(join(site.root, 'grain', 'in-1.jsonl'), `${rows.join('\n')}\n`)
    const model = await upload()
    const [created] = await create(model, { instancesFormat: 'jsonl', gcsSource: { uris: ['gs://grain/in-*.jsonl'] } })
    const { job, folder } = await result(created.name ?? '')
    expect(job.state).toBe('JOB_STATE_SUCCEEDED')
    expect(job.completionStats).toMatchObject({ successfulCount: '1100', failedCount: '2' })
    expect(job.partialFailures?.map(({ message }) => message?.match(/jsonl:(\d+)/)?.[1])).toEqual(['601', '602'])
    const predicted = await lines(join(folder, 'prediction.results-00000-of-00001'))
    expect(predicted.map((line) => line.prediction?.value)).toEqual(Array.from({ length: 1_100 }, (_, x) => 2 * x))
    const failed = await lines(join(folder, 'prediction.errors_stats-00000-of-00001'))
    expect(failed.map((line) => line.error?.message)).toEqual([
      expect.stringContaining('no JSON'),
      expect.stringContaining('"x"'),
    ])
    await finished(site.clients.jobs.deleteBatchPredictionJob({ name: created.name ?? '' }))
    expect(await refusal(site.clients.jobs.getBatchPredictionJob({ name: created.name ?? '' }))).toMatchObject({
      code: NOT_FOUND,
    })
  })

  it('reads a table, quotes and all', async () => {
    const input = { instancesFormat: 'bigquery', bigquerySource: { inputUri: 'bq://farm.silo.rows' } }
    const [created] = await create(await upload(), input)
    const { job, folder } = await result(created.name ?? '')
    expect(job.state).toBe('JOB_STATE_SUCCEEDED')
    const predicted = await lines(join(folder, 'prediction.results-00000-of-00001'))
    expect(predicted).toEqual([
      { instance: { x: '1', note: 'one, first' }, prediction: expect.objectContaining({ value: 2 }) },
      { instance: { x: '2', note: 'two "second"' }, prediction: expect.objectContaining({ value: 4 }) },
    ])
  })

  it('writes CSV with a column for each prediction, and a table in place of BigQuery’s', async () => {
    const model = await upload()
    const input = { instancesFormat: 'bigquery', bigquerySource: { inputUri: 'bq://farm.silo.rows' } }
    const [asCsv] = await create(model, input, { predictionsFormat: 'csv' })
    const { folder } = await result(asCsv.name ?? '')
    const text = await readFile(join(folder, 'prediction.results-00000-of-00001.csv'), 'utf8')
    expect(text).toMatch(/^x,note,predicted_\w+\n1,"one, first",2\n2,"two ""second""",4\n$/)
    const [asTable] = await create(model, input, {
      predictionsFormat: 'bigquery',
      bigqueryDestination: { outputUri: 'bq://farm.answers' },
    })
    const { job } = await result(asTable.name ?? '')
    expect(job.outputInfo).toMatchObject({
      bigqueryOutputDataset: 'bq://farm.answers',
      bigqueryOutputTable: 'predictions',
    })
    const rows = await lines(join(site.root, 'tables', 'farm', 'answers', 'predictions.jsonl'))
    expect(rows).toMatchObject([{ x: '1', note: 'one, first' }, { x: '2' }])
  })

  it('fails where the input is not there, and leaves no results', async () => {
    const input = { instancesFormat: 'csv', gcsSource: { uris: ['gs://grain/absent.csv'] } }
    const [created] = await create(await upload(), input)
    const { job, folder } = await result(created.name ?? '')
    expect(job).toMatchObject({ state: 'JOB_STATE_FAILED', error: { message: expect.stringContaining('absent.csv') } })
    await expect(access(join(folder, 'prediction.results-00000-of-00001'))).rejects.toThrow('ENOENT')
  })

  it.each<[string, object, object, string]>([
    ['no input', { instancesFormat: 'jsonl' }, {}, 'input_config'],
    ['an unknown format', { instancesFormat: 'tf-record', gcsSource: { uris: ['gs://grain/a'] } }, {}, 'tf-record'],
    [
      'an unmapped address',
      { instancesFormat: 'csv', gcsSource: { uris: ['gs://chaff/a.csv'] } },
      {},
      'gs://chaff/a.csv',
    ],
    [
      'a format that is not written',
      { instancesFormat: 'csv', gcsSource: { uris: ['gs://grain/a.csv'] } },
      { predictionsFormat: 'tf-record' },
      'predictions_format',
    ],
  ])('refuses %s', async (_, input, output, part) => {
    expect(await refusal(create(await upload(), input, output))).toMatchObject({
      code: INVALID_ARGUMENT,
      message: expect.stringContaining(part),
    })
  })
})
