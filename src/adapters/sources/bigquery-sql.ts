import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { JsonObject } from '../../domain/json.ts'
import type { SqlCell, SqlQuestion, Warehouse } from '../../domain/ports/data.ts'
import type { Duration } from '../../domain/time.ts'
import { type Answer, type Patience, unavailable } from './calls.ts'
import { createGoogleRest } from './google-rest.ts'
import { readAnswer } from './read-answer.ts'

const text = z.object({ v: z.string().nullable() })
const cell = z.object({ v: z.union([z.string(), z.null(), z.array(text)]) })
const page = z.object({
  jobComplete: z.boolean(),
  jobReference: z.object({ projectId: z.string(), jobId: z.string(), location: z.string().optional() }),
  rows: z.array(z.object({ f: z.array(cell) })).default([]),
  pageToken: z.string().optional(),
})
type Page = z.infer<typeof page>

/** How long a question may take in all; BigQuery stops its job then. */
const longest: Duration = 60_000
/** How long one call waits for the job: well within the patience for one attempt. */
const waitsFor: Duration = 10_000
/** Between two calls to a job that is not done, should one come back at once. */
const breath: Duration = 100
const rowsOfPage = 10_000
/** Read more of a table costs more: beyond this BigQuery refuses, and says so. */
const mostBytes = 20 * 1024 ** 3

/**
 * Questions in GoogleSQL over BigQuery's REST API: jobs.query, then getQueryResults until the job is done, page by page.
 * Needs bigquery.jobs.create in the project, which pays for it, and bigquery.tables.getData on the table.
 */
export const createBigQuerySql = (options: {
  readonly project: string
  readonly endpoint?: string | undefined
  readonly patience?: Patience
  readonly longest?: Duration
}): Warehouse => {
  const call = createGoogleRest({
    ...options,
    endpoint: options.endpoint ?? 'https://bigquery.googleapis.com',
    scopes: ['https://www.googleapis.com/auth/bigquery'],
    // A table that is not there is no answer to a question about it.
    answers: [],
  })
  const inTime = options.longest ?? longest

  const begin = (question: SqlQuestion, signal: AbortSignal): Promise<Answer> => {
    const { address } = question
    // An attempt that is made again with its name is the same job.
    const body = { ...requestOf(question, inTime), requestId: randomUUID() }
    return call(`/bigquery/v2/projects/${encodeURIComponent(options.project)}/queries`, {}, address, signal, body)
  }

  const goOn = ({ jobReference, pageToken }: Page, { address }: SqlQuestion, signal: AbortSignal): Promise<Answer> => {
    const { projectId, jobId, location } = jobReference
    const query = {
      maxResults: String(rowsOfPage),
      timeoutMs: String(waitsFor),
      ...(location === undefined ? {} : { location }),
      ...(pageToken === undefined ? {} : { pageToken }),
    }
    const path = `/bigquery/v2/projects/${encodeURIComponent(projectId)}/queries/${encodeURIComponent(jobId)}`
    return call(path, query, address, signal)
  }

  return {
    ask: async (question, signal) => {
      const { address } = question
      const over = AbortSignal.timeout(inTime)
      const limited = AbortSignal.any([signal, over])
      const rows: (readonly SqlCell[])[] = []
      try {
        for (let answer = await begin(question, limited); ; ) {
          const read = readAnswer(page, answer, address)
          if (read.jobComplete) for (const row of read.rows) rows.push(row.f.map(cellOf))
          if (read.jobComplete && read.pageToken === undefined) return rows
          if (!read.jobComplete) await pause(breath, undefined, { signal: limited })
          answer = await goOn(read, question, limited)
        }
      } catch (error) {
        if (over.aborted && !signal.aborted) throw unavailable(address, `no result within ${inTime / 1_000} s`, error)
        throw error
      }
    },
  }
}

const requestOf = ({ sql, parameters }: SqlQuestion, inTime: Duration): JsonObject => ({
  query: sql,
  useLegacySql: false,
  maxResults: rowsOfPage,
  timeoutMs: Math.min(waitsFor, inTime),
  jobTimeoutMs: String(inTime),
  maximumBytesBilled: String(mostBytes),
  parameterMode: 'NAMED',
  queryParameters: Object.entries(parameters).map(([name, { type, value }]) => ({
    ...{ name, parameterType: { type }, parameterValue: { value } },
  })),
})

const cellOf = ({ v }: z.infer<typeof cell>): SqlCell => (Array.isArray(v) ? v.map(({ v: inner }) => inner) : v)
