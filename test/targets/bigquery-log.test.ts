import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json as readJson } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createBigQuerySql } from '../../src/adapters/sources/bigquery-sql.ts'
import { askForAnswers } from '../../src/adapters/targets/vertex/logged-answers.ts'
import { createVertexTarget } from '../../src/adapters/targets/vertex/target.ts'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import type { SqlQuestion, Warehouse } from '../../src/domain/ports/data.ts'
import { createLog } from '../../src/log.ts'
import { createAddresses } from '../../src/platform/addresses.ts'
import { query } from '../../src/platform/bigquery/query.ts'
import { sharedEnvironments } from '../automl/environments.ts'
import { finished, openSite, parent, type Site } from '../platform/site.ts'
import { json, type StandIn, standIn } from '../sources/stand-in.ts'

// Google's own log of requests: rows in BigQuery, asked for over its REST API by a question that a real engine answers.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 })

const environments = sharedEnvironments()
const signal = new AbortController().signal
const table = 'acme.logging_beans_77.request_response_logging'
let site: Site
let root: string
let bigquery: StandIn

const row = (endpoint: string, at: number, id: number, payload: readonly string[] | null): JsonObject => ({
  endpoint,
  deployed_model_id: '17',
  logging_time: new Date(at).toISOString(),
  request_id: id,
  request_payload: ['{"x":1}'],
  response_payload: payload,
})

const resource = 'projects/123456/locations/europe-west1/endpoints/77'

beforeAll(async () => {
  site = await openSite({})
  root = await mkdtemp(join(tmpdir(), 'winnow-log-'))
  const rows = [
    row(resource, 1_000, 1, ['{"classes":["a","b"],"scores":[0.9,0.1]}']),
    row(resource, 3_000, 3, ['{"predictions":[{"value":4},{"value":5}],"deployedModelId":"17"}']),
    row(resource, 2_000, 2, ['"a"', 'no JSON']),
    // A table may hold the requests of several endpoints, and their names in either form.
    row('77', 4_000, 4, null),
    row(resource.replace('77', '177'), 2_500, 5, ['"other"']),
  ]
  await writeFile(join(root, 'log.jsonl'), rows.map((one) => `${JSON.stringify(one)}\n`).join(''))
  bigquery = await openBigQuery()
})
afterAll(async () => {
  await bigquery[Symbol.asyncDispose]()
  await site[Symbol.asyncDispose]()
  await rm(root, { recursive: true, force: true })
})

/** jobs.query over the one table that there is, all of its rows in one page. */
const openBigQuery = (): Promise<StandIn> => {
  const addresses = createAddresses({ map: { [`bq://${table}`]: 'log.jsonl' }, root, tables: join(root, 'tables') })
  let count = 0
  const answer = async (body: JsonObject): Promise<Json> => {
    count += 1
    const folder = join(root, `task-${count}`)
    await mkdir(folder)
    const request = {
      query: String(body['query']),
      parameters: body['queryParameters'] as JsonObject[],
      destination: `acme.answers.a${count}`,
      writeDisposition: 'WRITE_EMPTY' as const,
      project: 'acme',
    }
    const written = await query(request, addresses, { environments, folder, log: () => undefined }, signal)
    const [, ...lines] = (await readFile(written.at(-1)?.file ?? '', 'utf8')).trim().split('\n')
    const rows = lines.map((line) => {
      const [, id, at, deployed, payload] = /^([^,]*),([^,]*),([^,]*),(.*)$/.exec(line) ?? []
      const texts = payload ? (JSON.parse(payload.slice(1, -1).replaceAll('""', '"')) as string[]) : []
      return { f: [{ v: id }, { v: at }, { v: deployed }, { v: texts.map((v) => ({ v })) }] }
    })
    const jobReference = { projectId: 'acme', jobId: `job_${count}`, location: 'EU' }
    return { jobReference, jobComplete: true, rows: rows as unknown as Json[] }
  }
  return standIn((request: IncomingMessage, response) => {
    readJson(request)
      .then((body) => answer(body as JsonObject))
      .then(
        (value) => json(response, 200, value),
        (error: Error) => json(response, 400, { error: { code: 400, message: error.message } }),
      )
  })
}

const targetWith = (warehouse: Warehouse) =>
  createVertexTarget({
    name: 'vertex',
    project: 'local',
    location: 'local',
    apiEndpoint: '127.0.0.1',
    port: site.platform.port,
    insecure: true,
    pipelineRoot: join(site.root, 'artifacts'),
    requestLog: { kind: 'warehouse', warehouse },
    log: createLog('silent'),
  })

const endpointWith = async (endpoint: object): Promise<string> =>
  (await finished<{ name: string }>(site.clients.endpoints.createEndpoint({ parent, endpoint }))).name

const warehouse = () =>
  createBigQuerySql({
    project: 'acme',
    endpoint: bigquery.url,
    patience: { timeout: 30_000, attempts: 1, firstPause: 1 },
  })

const read = (place: { project: string; dataset: string; name: string }, since = 0) =>
  askForAnswers(warehouse(), place, resource, since, 100, signal)
const [project, dataset, name] = table.split('.') as [string, string, string]
const answer = { deployedModel: '17', ok: true, latency: null }

it('tells the answers of one endpoint since then, oldest first, with neither errors nor latencies', async () => {
  expect(await read({ project, dataset, name }, 2_000)).toEqual({
    ok: true,
    answeredOnly: true,
    requests: [
      { ...answer, id: '2', at: 2_000, predictions: ['a', null] },
      { ...answer, id: '3', at: 3_000, predictions: [{ value: 4 }, { value: 5 }] },
      { ...answer, id: '4', at: 4_000, predictions: [] },
    ],
  })
})

it('a log that cannot be read is told, and is no fault that would end a release', async () => {
  const told = await read({ project, dataset, name: 'gone' })
  expect(told).toEqual({
    ok: false,
    reason: expect.stringMatching(/^bq:\/\/acme\.logging_beans_77\.gone was refused: /),
  })
})

it.each([
  ['bq://acme.logging_beans_77.request_response_logging', 'acme.logging_beans_77.request_response_logging'],
  ['bq://acme.logged', 'acme.logged.request_response_logging'],
  ['bq://acme', 'acme.logging_my_beans_ENDPOINT.request_response_logging'],
])('asks the table that an endpoint with %s is logged to', async (outputUri, expected) => {
  const config = { enabled: true, samplingRate: 0.5, bigqueryDestination: { outputUri } }
  const endpoint = await endpointWith({ displayName: 'my beans', predictRequestResponseLoggingConfig: config })
  const asked: SqlQuestion[] = []
  const listening: Warehouse = {
    ask: async (question) => {
      asked.push(question)
      return []
    },
  }
  await using target = targetWith(listening)
  expect(await target.requests(endpoint, 5, signal)).toEqual({ ok: true, answeredOnly: true, requests: [] })
  const id = endpoint.split('/').at(-1) as string
  expect(asked).toHaveLength(1)
  expect(asked[0]?.sql).toContain(`FROM \`${expected.replace('ENDPOINT', id)}\``)
  expect(asked[0]?.parameters).toMatchObject({ since: { value: '5' }, endpoint: { value: `/${id}` } })
})

it('is asked nothing that an address says which is none', async () => {
  const outputUri = 'bq://acme.logs.a` WHERE TRUE; DROP TABLE x; --'
  const config = { enabled: true, samplingRate: 1, bigqueryDestination: { outputUri } }
  const endpoint = await endpointWith({ displayName: 'beans', predictRequestResponseLoggingConfig: config })
  await using target = targetWith({ ask: () => Promise.reject(new Error('it was asked')) })
  expect(await target.requests(endpoint, 0, signal)).toEqual({
    ok: false,
    reason: `the table that its requests are logged to leads nowhere: ${outputUri}`,
  })
})

it('logging is left to whoever pays for it: nothing is set, and it is said that nothing is logged', async () => {
  const endpoint = await endpointWith({ displayName: 'unlogged' })
  await using target = targetWith({ ask: () => Promise.reject(new Error('it was asked')) })
  await target.logRequests(endpoint, signal)
  const [view] = await site.clients.endpoints.getEndpoint({ name: endpoint })
  expect(view.predictRequestResponseLoggingConfig ?? null).toBeNull()
  expect(await target.requests(endpoint, 0, signal)).toEqual({
    ok: false,
    reason: 'the requests of the endpoint are not logged',
  })
})
