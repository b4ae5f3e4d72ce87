import type { IncomingMessage } from 'node:http'
import { json as readJson } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { createBigQuerySql } from '../../src/adapters/sources/bigquery-sql.ts'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import { json, standIn } from './stand-in.ts'

const never = new AbortController().signal
const quick = { timeout: 2_000, attempts: 2, firstPause: 1 }
const question = {
  sql: 'SELECT name, weight, notes FROM `acme.beans.rows` WHERE weight > @least',
  parameters: { least: { type: 'INT64', value: '3' } },
  address: 'bq://acme.beans.rows',
} as const

interface Behaviour {
  /** How often the job is not done when it is asked for. */
  readonly pending?: number
  readonly rows?: readonly Json[]
  readonly location?: string
}

/** jobs.query and getQueryResults as BigQuery answers them: rows of two a page, for whoever asks where the job runs. */
const bigquery = async ({ pending = 0, rows = [], location = 'EU' }: Behaviour) => {
  const bodies: JsonObject[] = []
  const jobs = new Map<string, string>()
  let left = pending
  const jobReference = (jobId: string) => ({ projectId: 'acme', jobId, location })
  const answer = (jobId: string, from: number): Json => {
    if (left-- > 0) return { kind: 'bigquery#queryResponse', jobReference: jobReference(jobId), jobComplete: false }
    const more = from + 2 < rows.length ? { pageToken: `p${from + 2}` } : {}
    const cells = { rows: rows.slice(from, from + 2) as Json[], totalRows: String(rows.length) }
    return { jobReference: jobReference(jobId), jobComplete: true, ...(rows.length === 0 ? {} : cells), ...more }
  }
  const server = await standIn((request: IncomingMessage, response, url) => {
    const path = '/bigquery/v2/projects/acme/queries'
    if (request.method === 'POST' && url.pathname === path)
      return void readJson(request).then((body) => {
        bodies.push(body as JsonObject)
        // Whoever asks again by the same name is given the same job.
        const name = String((body as JsonObject)['requestId'])
        const jobId = jobs.get(name) ?? `job_${jobs.size + 1}`
        jobs.set(name, jobId)
        json(response, 200, answer(jobId, 0))
      })
    const jobId = url.pathname.startsWith(`${path}/`) ? url.pathname.slice(path.length + 1) : ''
    if (
      request.method !== 'GET' ||
      ![...jobs.values()].includes(jobId) ||
      url.searchParams.get('location') !== location
    )
      return json(response, 404, { error: { code: 404, message: `Not found: Job acme:${jobId}` } })
    json(response, 200, answer(jobId, Number((url.searchParams.get('pageToken') ?? 'p0').slice(1))))
  })
  return { ...server, bodies, jobs, [Symbol.asyncDispose]: server[Symbol.asyncDispose] }
}

const row = (...cells: readonly Json[]) => ({ f: cells.map((v) => ({ v })) })

it('asks in GoogleSQL with named parameters, waits for the job and reads page by page', async () => {
  const list = [{ v: 'a' }, { v: null }]
  const rows = [
    row('one', '4', list),
    row('two', null, []),
    row('three', '9', list),
    row('four', '5', []),
    row('', '6', []),
  ]
  await using server = await bigquery({ rows, pending: 2 })
  const sql = createBigQuerySql({ project: 'acme', endpoint: server.url, patience: quick })
  expect(await sql.ask(question, never)).toEqual([
    ['one', '4', ['a', null]],
    ['two', null, []],
    ['three', '9', ['a', null]],
    ['four', '5', []],
    ['', '6', []],
  ])
  expect(server.bodies).toHaveLength(1)
  expect(server.bodies[0]).toMatchObject({
    query: question.sql,
    useLegacySql: false,
    parameterMode: 'NAMED',
    queryParameters: [{ name: 'least', parameterType: { type: 'INT64' }, parameterValue: { value: '3' } }],
    maximumBytesBilled: expect.stringMatching(/^\d+$/),
  })
})

it('has no rows where there are none', async () => {
  await using server = await bigquery({})
  const sql = createBigQuerySql({ project: 'acme', endpoint: server.url, patience: quick })
  expect(await sql.ask(question, never)).toEqual([])
})

it('an attempt whose answer was lost is made again by the same name: there is one job', async () => {
  await using server = await bigquery({ rows: [row('one', '4', [])] })
  let lost = 1
  await using between = await standIn((request, response, url) => {
    void readJson(request).then(async (body) => {
      const answered = await fetch(`${server.url}${url.pathname}${url.search}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
      if (lost-- > 0) return response.destroy()
      json(response, answered.status, await answered.json())
    })
  })
  const sql = createBigQuerySql({ project: 'acme', endpoint: between.url, patience: quick })
  expect(await sql.ask(question, never)).toEqual([['one', '4', []]])
  expect(server.bodies).toHaveLength(2)
  expect(server.jobs.size).toBe(1)
})

it.each([
  [403, 'Access Denied: Table acme:beans.rows: User does not have permission', 'source_refused'],
  [404, 'Not found: Table acme:beans.rows was not found in location EU', 'source_refused'],
  [400, 'Query exceeded limit for bytes billed: 21474836480', 'source_refused'],
  [503, 'The service is currently unavailable', 'source_unavailable'],
])('HTTP %i is told in its words: %s', async (status, message, code) => {
  await using server = await standIn((_request, response) =>
    json(response, status, { error: { code: status, message } }),
  )
  const sql = createBigQuerySql({ project: 'acme', endpoint: server.url, patience: quick })
  await expect(sql.ask(question, never)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(`HTTP ${status}: ${message}`),
  })
  await expect(sql.ask(question, never)).rejects.toThrow('bq://acme.beans.rows')
})

it.each([
  ['a job that is never done', () => bigquery({ pending: Number.POSITIVE_INFINITY })],
  ['no answer', () => standIn(() => {})],
])('ends in time at %s', async (_what, open) => {
  await using server = await open()
  const sql = createBigQuerySql({ project: 'acme', endpoint: server.url, patience: quick, longest: 400 })
  await expect(sql.ask(question, never)).rejects.toMatchObject({
    code: 'source_unavailable',
    message: 'bq://acme.beans.rows does not answer: no result within 0.4 s',
  })
})

it('ends where it is told to', async () => {
  const stop = new AbortController()
  await using server = await standIn(() => stop.abort(new Error('enough')))
  const sql = createBigQuerySql({ project: 'acme', endpoint: server.url, patience: quick })
  await expect(sql.ask(question, stop.signal)).rejects.toThrow('enough')
})

it.each([
  '<html>',
  '{"jobComplete": true}',
  '{"jobComplete": true, "jobReference": {"projectId": "a", "jobId": "b"}, "rows": [{"f": 3}]}',
])('does not take %j for rows', async (body) => {
  await using server = await standIn((_request, response) => void response.writeHead(200).end(body))
  const sql = createBigQuerySql({ project: 'acme', endpoint: server.url, patience: quick })
  await expect(sql.ask(question, never)).rejects.toMatchObject({ code: 'source_unavailable' })
})
