import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createVertexTarget } from '../../src/adapters/targets/vertex/target.ts'
import type { Json } from '../../src/domain/json.ts'
import { createLog } from '../../src/log.ts'
import { writeLinearModel } from '../platform/linear-model.ts'
import { finished, openSite, parent, type Site } from '../platform/site.ts'
import { value } from '../platform/wire-values.ts'

// Requests through Google's own client to the platform, read back by the controller's adapter.

const signal = new AbortController().signal
let site: Site
let target: ReturnType<typeof createVertexTarget>
let chance = 0
let model = ''

beforeAll(async () => {
  site = await openSite({ random: () => chance })
  target = targetWith(join(site.root, 'tables'))
  const artifactUri = await writeLinearModel(join(site.root, 'made'), 2)
  const uploaded = await finished<{ model: string }>(
    site.clients.models.uploadModel({ parent, model: { displayName: 'twice', artifactUri } }),
  )
  model = uploaded.model
})
afterAll(async () => {
  await target[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
})

const targetWith = (folder: string) =>
  createVertexTarget({
    name: 'local',
    project: 'local',
    location: 'local',
    apiEndpoint: '127.0.0.1',
    port: site.platform.port,
    insecure: true,
    pipelineRoot: join(site.root, 'artifacts'),
    requestLog: { kind: 'folder', folder },
    log: createLog('silent'),
  })

const endpointWith = async (displayName: string, more: object = {}): Promise<string> => {
  const { endpoints } = site.clients
  const { name } = await finished<{ name: string }>(
    endpoints.createEndpoint({ parent, endpoint: { displayName, ...more } }),
  )
  const deployedModel = { model, displayName: 'one', id: '17' }
  await finished(endpoints.deployModel({ endpoint: name, deployedModel, trafficSplit: { '17': 100 } }))
  return name
}
const ask = (endpoint: string, x: Json) =>
  target.predict(endpoint, [{ x }], null, signal).catch((error: Error) => error)

/** Lines reach the disk a moment after the answer. */
const logged = async (endpoint: string, count: number, since = 0) => {
  for (let turn = 0; turn < 500; turn++) {
    const read = await target.requests(endpoint, since, signal)
    if (!read.ok) throw new Error(read.reason)
    if (read.requests.length >= count) return read.requests
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${count} requests of ${endpoint} were not logged`)
}

it('an endpoint whose requests are not logged says so, until somebody asks for it', async () => {
  const endpoint = await endpointWith('plain')
  await ask(endpoint, 1)
  expect(await target.requests(endpoint, 0, signal)).toEqual({
    ok: false,
    reason: 'the requests of the endpoint are not logged',
  })
  await target.logRequests(endpoint, signal)
  await target.logRequests(endpoint, signal)
  const answer = await ask(endpoint, 3)
  const [only, ...more] = await logged(endpoint, 1)
  expect(more).toEqual([])
  expect(only).toMatchObject({ deployedModel: '17', ok: true, predictions: [{ value: 6 }] })
  expect(only?.latency).toBeGreaterThan(0)
  // By this name labels are given later.
  expect(answer).toMatchObject({ request: only?.id })
})

it('a request that the model cannot take is one that was not answered', async () => {
  const endpoint = await endpointWith('errors')
  await target.logRequests(endpoint, signal)
  expect(await ask(endpoint, 'no number')).toBeInstanceOf(Error)
  await ask(endpoint, 4)
  const requests = await logged(endpoint, 2)
  expect(requests.map(({ ok, predictions }) => [ok, predictions?.length ?? 0])).toEqual([
    [false, 0],
    [true, 1],
  ])
})

it('is the table that the endpoint names, with the columns of Vertex AI, its payloads sampled', async () => {
  const outputUri = 'bq://shop.live.requests'
  const endpoint = await endpointWith('named', {
    predictRequestResponseLoggingConfig: { enabled: true, samplingRate: 0.5, bigqueryDestination: { outputUri } },
  })
  chance = 0.4
  await ask(endpoint, 1)
  chance = 0.5
  await ask(endpoint, 2)
  await logged(endpoint, 2)
  const text = await readFile(join(site.root, 'tables', 'shop', 'live', 'requests.jsonl'), 'utf8')
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows[0]).toMatchObject({
    endpoint,
    deployed_model_id: '17',
    status: 'OK',
    request_payload: ['{"x":1}'],
    response_payload: [expect.stringContaining('"value":2')],
  })
  expect(rows[1]).toMatchObject({ status: 'OK', latency_ms: expect.any(Number) })
  expect(rows[1]).not.toHaveProperty('request_payload')
  expect((await logged(endpoint, 2)).map(({ predictions }) => predictions === null)).toEqual([false, true])
})

it('tells what came since then, whatever else lies in the table', async () => {
  const outputUri = 'bq://shop.live.shared'
  const config = { enabled: true, samplingRate: 1, bigqueryDestination: { outputUri } }
  const [one, other] = [
    await endpointWith('shared one', { predictRequestResponseLoggingConfig: config }),
    await endpointWith('shared other', { predictRequestResponseLoggingConfig: config }),
  ]
  await ask(one, 1)
  await ask(other, 2)
  const [first] = await logged(one, 1)
  const file = join(site.root, 'tables', 'shop', 'live', 'shared.jsonl')
  await writeFile(`${file}.before`, `${JSON.stringify({ ...lineAt(1_000), endpoint: one, request_id: 'old' })}\n`)
  await appendFile(file, `{"half a li\n[]\nnull\n${JSON.stringify({ ...lineAt(first?.at ?? 0), endpoint: one })}\n`)
  expect((await logged(one, 3)).map(({ id }) => id)).toEqual(['old', first?.id, 'written'])
  expect((await logged(one, 2, first?.at)).map(({ id }) => id)).toEqual([first?.id, 'written'])
  const later = await target.requests(one, (first?.at ?? 0) + 1, signal)
  expect(later).toEqual({ ok: true, requests: [] })
})

const lineAt = (at: number) => ({
  logging_time: new Date(at).toISOString(),
  deployed_model_id: '17',
  request_id: 'written',
  status: 'OK',
  latency_ms: 1,
})

it('an answer says the name of its request to any client', async () => {
  const endpoint = await endpointWith('metadata')
  const [answer] = await site.clients.predictions.predict({ endpoint, instances: [value({ x: 1 })] })
  expect(answer.metadata?.structValue?.fields?.['requestId']?.stringValue).toMatch(/^\d+$/)
})
