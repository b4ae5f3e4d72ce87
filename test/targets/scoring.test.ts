import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createVertexTarget } from '../../src/adapters/targets/vertex/target.ts'
import type { ModelVersion } from '../../src/domain/evidence.ts'
import { isJsonObject, type Json } from '../../src/domain/json.ts'
import type { ScoreRequest } from '../../src/domain/ports/models.ts'
import { createLog } from '../../src/log.ts'
import { writeLinearModel } from '../platform/linear-model.ts'
import { finished, openSite, parent, type Site } from '../platform/site.ts'
import { until } from '../platform/until.ts'
import { createFaultProxy } from './fault-proxy.ts'

const signal = new AbortController().signal
const UNAVAILABLE = 14

let site: Site
let proxy: Awaited<ReturnType<typeof createFaultProxy>>
let target: ReturnType<typeof createVertexTarget>
let model: ModelVersion
let rows: string
beforeAll(async () => {
  site = await openSite({ containers: 'host' })
  proxy = await createFaultProxy(() => site.platform.port)
  target = createVertexTarget({
    name: 'local',
    project: 'local',
    location: 'local',
    apiEndpoint: '127.0.0.1',
    port: proxy.port,
    insecure: true,
    pipelineRoot: join(site.root, 'artifacts'),
    log: createLog('silent'),
  })
  const artifactUri = await writeLinearModel(join(site.root, 'linear'), 3)
  await finished(
    site.clients.models.uploadModel({ parent, modelId: 'linear', model: { displayName: 'linear', artifactUri } }),
  )
  const found = (await target.models(signal))[0]
  if (found === undefined) throw new Error('the model is not in the registry')
  model = found
  rows = join(site.root, 'rows.csv')
  await writeFile(rows, 'x,y\n1,3\n2,7\n')
})
afterAll(async () => {
  await target[Symbol.asyncDispose]()
  await proxy.close()
  await site[Symbol.asyncDispose]()
})
beforeEach(() => {
  proxy.calls.length = 0
})

const scored = (over: Partial<ScoreRequest> = {}) =>
  until('the end of the batch', async () => {
    const scoring = await target.score({ key: 'k1', model, uri: rows, format: 'csv', without: ['y'], ...over }, signal)
    return scoring.state !== 'running' && scoring
  })
const created = () => proxy.calls.filter((method) => method === 'CreateBatchPredictionJob').length

describe('a batch of answers', () => {
  it('is started once whatever is lost, and gives every row with its answer', async () => {
    proxy.inject('CreateBatchPredictionJob', 'after', UNAVAILABLE)
    const scoring = await scored()
    if (scoring.state !== 'done') throw new Error(JSON.stringify(scoring))
    expect(await scored()).toEqual(scoring)
    expect(created()).toBe(1)
    const [file] = (await target.files(scoring.uri, signal)) ?? []
    const lines = (await readFile(String(file), 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { instance: { x: '1', y: '3' }, prediction: expect.objectContaining({ value: 3 }) },
      { instance: { x: '2', y: '7' }, prediction: expect.objectContaining({ value: 6 }) },
    ])
  })

  it('that could not take every row has failed, and so has one without a file', async () => {
    const holey = join(site.root, 'holey.csv')
    await writeFile(holey, 'x,y\n1,3\nbroken,7\n')
    expect(await scored({ key: 'k2', uri: holey })).toMatchObject({ state: 'failed', reason: /1 of the examples/ })
    const nowhere = { key: 'k3', uri: join(site.root, 'nowhere.csv') }
    expect(await scored(nowhere)).toMatchObject({ state: 'failed', reason: /nowhere\.csv/ })
  })
})

describe('a measurement of serving', () => {
  const measure = (instances: readonly Json[], key: string) =>
    target.measureServing(model, instances, { requests: 30, concurrency: 3, longest: 20_000 }, key, signal)
  const left = async () => (await target.endpoints(signal)).map(({ displayName }) => displayName)

  it('asks so many requests and leaves nothing behind', async () => {
    const { asked, latencies, lasted, problem } = await measure([{ x: 1 }, { x: '2' }], 'm1')
    expect({ asked, answered: latencies.length, problem }).toEqual({ asked: 30, answered: 30, problem: null })
    expect(latencies.every((ms) => ms > 0 && ms <= lasted)).toBe(true)
    expect(await left()).toEqual([])
  })

  it('counts what is not answered, with why', async () => {
    const { asked, latencies, problem } = await measure([{ x: 1 }, { weight: 1 }], 'm2')
    expect({ asked, answered: latencies.length }).toEqual({ asked: 30, answered: 15 })
    expect(problem).toMatch(/feature "x" is missing/)
  })

  it('takes up what an earlier try deployed before it was cut off', async () => {
    proxy.inject('DeployModel', 'after', UNAVAILABLE)
    await expect(measure([{ x: 1 }], 'm3')).rejects.toMatchObject({ retryable: true })
    const { latencies } = await measure([{ x: 1 }], 'm3')
    expect(latencies).toHaveLength(30)
    expect(await left()).toEqual([])
  })
})

it('tables are found beside the evaluation of a model', async () => {
  const metadata = { testPredictionsUri: 'file:///p', testDataUri: 'file:///t', targetColumn: 'y' }
  const value = (json: Json): object =>
    isJsonObject(json)
      ? { structValue: { fields: Object.fromEntries(Object.entries(json).map(([k, v]) => [k, value(v ?? null)])) } }
      : { stringValue: String(json) }
  await site.clients.models.importModelEvaluation({
    parent: `${model.model}@${model.version}`,
    modelEvaluation: {
      displayName: 'test',
      metricsSchemaUri: 'gs://schema',
      metrics: value({}),
      metadata: value(metadata),
    },
  } as never)
  expect(await target.tables([], model, signal)).toEqual([
    { role: 'predictions', uri: 'file:///p', label: 'y', task: null, declared: false },
    { role: 'test', uri: 'file:///t', label: 'y', task: null, declared: false },
  ])
})
