import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { google } from '@google-cloud/aiplatform/build/protos/protos.js'
import { isJsonObject, type Json } from '../../../domain/json.ts'
import type { LiveRequest, RequestLog } from '../../../domain/ports.ts'
import { formatTime, type Time } from '../../../domain/time.ts'
import { type Call, isNotFound } from './calls.ts'
import type { Clients } from './clients.ts'

type Endpoint = google.cloud.aiplatform.v1.IEndpoint

const mostRequests = 200_000

/**
 * Request-response logging: the table that an endpoint's `predict_request_response_logging_config` names. `tables` is
 * where the embedded platform keeps its tables; of Google's service, whose tables are in BigQuery, nothing is read yet.
 */
export const createRequestLogs = (clients: Clients, call: Call, tables: string | undefined): RequestLog => {
  const endpointOf = async (name: string, signal: AbortSignal): Promise<Endpoint | undefined> => {
    const client = await clients.endpoints()
    try {
      return await call({ method: 'GetEndpoint', resource: name, kind: 'read' }, signal, (options) =>
        client.getEndpoint({ name }, options),
      )
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  return {
    logRequests: async (name, signal) => {
      // Google's logging costs money and needs a dataset: who wants it there, sets it.
      if (tables === undefined) return
      const endpoint = await endpointOf(name, signal)
      if (endpoint === undefined || endpoint.predictRequestResponseLoggingConfig?.enabled) return
      const client = await clients.endpoints()
      const config = {
        enabled: true,
        samplingRate: 1,
        bigqueryDestination: { outputUri: `bq://winnow.requests.${name.split('/').at(-1)}` },
      }
      await call({ method: 'UpdateEndpoint', resource: name, kind: 'set' }, signal, (options) =>
        client.updateEndpoint(
          {
            endpoint: { name, predictRequestResponseLoggingConfig: config },
            updateMask: { paths: ['predict_request_response_logging_config'] },
          },
          options,
        ),
      )
    },

    requests: async (name, since, signal) => {
      const endpoint = await endpointOf(name, signal)
      if (endpoint === undefined) return { ok: false, reason: `the endpoint ${name} is gone` }
      const config = endpoint.predictRequestResponseLoggingConfig
      if (!config?.enabled) return { ok: false, reason: 'the requests of the endpoint are not logged' }
      const file = tables === undefined ? undefined : tableFile(tables, config.bigqueryDestination?.outputUri ?? '')
      if (file === undefined)
        return { ok: false, reason: 'its requests are logged where Winnow does not read them, in BigQuery' }
      const requests: LiveRequest[] = []
      for (const part of [`${file}.before`, file])
        for await (const request of readPart(part, name, since, signal)) {
          requests.push(request)
          if (requests.length >= 2 * mostRequests) requests.splice(0, mostRequests)
        }
      return { ok: true, requests: requests.slice(-mostRequests) }
    },
  }
}

/** Where the embedded platform keeps `bq://PROJECT.DATASET.TABLE`. */
const tableFile = (tables: string, uri: string): string | undefined => {
  const [project, dataset, table, ...more] = uri.replace(/^bq:\/\//, '').split('.')
  return project && dataset && table && more.length === 0 && !uri.includes('/', 'bq://'.length)
    ? join(tables, project, dataset, `${table}.jsonl`)
    : undefined
}

/** A request that was logged while the file was read, or whose line a crash cut off, is told the next time or never. */
async function* readPart(
  file: string,
  endpoint: string,
  since: Time,
  signal: AbortSignal,
): AsyncGenerator<LiveRequest> {
  const known = await stat(file).catch(() => undefined)
  if (known === undefined || known.mtimeMs < since) return
  const from = `{"logging_time":"${formatTime(since)}`
  const stream = createReadStream(file, { signal, end: Math.max(0, known.size - 1) })
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line < from) continue
    const request = requestOf(line, endpoint)
    if (request !== undefined && request.at >= since) yield request
  }
}

const requestOf = (line: string, endpoint: string): LiveRequest | undefined => {
  const row = jsonOf(line)
  if (!isJsonObject(row) || row['endpoint'] !== endpoint) return undefined
  const predictions = row['response_payload']
  return {
    id: String(row['request_id'] ?? ''),
    at: Date.parse(String(row['logging_time'])),
    deployedModel: String(row['deployed_model_id'] ?? ''),
    ok: row['status'] === 'OK',
    latency: Number(row['latency_ms'] ?? 0),
    predictions: Array.isArray(predictions) ? predictions.map((text) => jsonOf(String(text)) ?? null) : null,
  }
}

const jsonOf = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
