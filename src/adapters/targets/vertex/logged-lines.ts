import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { isJsonObject } from '../../../domain/json.ts'
import type { LiveRequest } from '../../../domain/ports/request-log.ts'
import { formatTime, type Time } from '../../../domain/time.ts'
import { jsonOf } from './logged-answers.ts'

/** What the embedded platform has written to a table of requests, the half before it included; the newest at most. */
export const readTable = async (
  file: string,
  endpoint: string,
  since: Time,
  most: number,
  signal: AbortSignal,
): Promise<readonly LiveRequest[]> => {
  const requests: LiveRequest[] = []
  for (const part of [`${file}.before`, file])
    for await (const request of readPart(part, endpoint, since, signal)) {
      requests.push(request)
      if (requests.length >= 2 * most) requests.splice(0, most)
    }
  return requests.slice(-most)
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
