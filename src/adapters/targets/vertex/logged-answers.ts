import { isFault, messageOf } from '../../../domain/errors.ts'
import { isJsonObject, type Json } from '../../../domain/json.ts'
import type { SqlCell, Warehouse } from '../../../domain/ports/data.ts'
import type { LiveRequest, LoggedRequests } from '../../../domain/ports/request-log.ts'
import type { Time } from '../../../domain/time.ts'

export interface LogTable {
  readonly project: string
  readonly dataset: string
  readonly name: string
}

/**
 * Vertex AI's own log of requests in BigQuery: a row for each sampled request that was answered, some time after the
 * answer. `endpoint` is the resource's name or its number alone.
 */
const sqlOf = ({ project, dataset, name }: LogTable, most: number): string =>
  [
    'SELECT CAST(request_id AS STRING), UNIX_MILLIS(logging_time), deployed_model_id, response_payload',
    `FROM \`${project}.${dataset}.${name}\``,
    "WHERE logging_time >= TIMESTAMP_MILLIS(@since) AND ENDS_WITH(CONCAT('/', endpoint), @endpoint)",
    `ORDER BY logging_time DESC LIMIT ${most}`,
  ].join('\n')

export const askForAnswers = async (
  warehouse: Warehouse,
  table: LogTable,
  endpoint: string,
  since: Time,
  most: number,
  signal: AbortSignal,
): Promise<LoggedRequests> => {
  const address = `bq://${table.project}.${table.dataset}.${table.name}`
  try {
    const parameters = {
      since: { type: 'INT64', value: String(since) },
      endpoint: { type: 'STRING', value: `/${endpoint.split('/').at(-1)}` },
    } as const
    const rows = await warehouse.ask({ sql: sqlOf(table, most), parameters, address }, signal)
    return { ok: true, answeredOnly: true, requests: rows.map(requestOf).reverse() }
  } catch (error) {
    // A step that is watched waits; it does not end because its log cannot be read for a while.
    if (isFault(error)) return { ok: false, reason: messageOf(error) }
    throw error
  }
}

const requestOf = ([id, at, deployedModel, payloads]: readonly SqlCell[]): LiveRequest => ({
  id: String(id ?? ''),
  at: Number(at),
  deployedModel: String(deployedModel ?? ''),
  ok: true,
  latency: null,
  predictions: Array.isArray(payloads) ? payloads.flatMap(predictionsIn) : null,
})

/** A text for each prediction; of a raw request, the body of the answer as one text. */
const predictionsIn = (text: string | null): readonly Json[] => {
  const value = jsonOf(text ?? '') ?? null
  return isJsonObject(value) && Array.isArray(value['predictions']) ? value['predictions'] : [value]
}

export const jsonOf = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
