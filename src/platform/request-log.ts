import { appendFile, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { Log } from '../log.ts'
import type { Addresses } from './addresses.ts'
import type { Endpoint } from './resources.ts'

/** A request to an endpoint, and what became of it. */
interface LoggedRequest {
  readonly id: string
  readonly deployedModel: string
  readonly at: number
  /** Milliseconds. */
  readonly latency: number
  /** gRPC's name: `OK`, `INVALID_ARGUMENT` … */
  readonly status: string
  readonly instances: readonly Json[]
  /** Null where it was not answered. */
  readonly predictions: readonly Json[] | null
}

/**
 * The request-response logging of endpoints that ask for it (predict_request_response_logging_config): lines of the
 * table that it names, with the columns that Vertex AI writes to BigQuery, and `status` and `latency_ms` besides. Every
 * request has a line; the sampling rate decides which have their payloads. A line is on the disk within a moment, not
 * before the answer, so a crash may lose the last ones.
 */
export interface RequestLog {
  write(endpoint: Endpoint, request: LoggedRequest): void
  /** Writes down what is not yet. */
  close(): Promise<void>
}

/** Of a table that grew to this, the half before is kept, and what came before that is gone. Bytes. */
const largestTable = 32 * 1024 * 1024
/** A request with more has a line without payloads. Characters. */
const largestPayload = 65_536
/** What waits for a slow disk; beyond it lines are dropped. Characters. */
const mostWaiting = 16 * 1024 * 1024
const flushEvery = 100

export const createRequestLog = ({
  addresses,
  random,
  log,
}: {
  readonly addresses: Pick<Addresses, 'tableFile'>
  /** From 0 up to but not including 1: which requests are sampled. */
  readonly random: () => number
  readonly log: Log
}): RequestLog => {
  const waiting = new Map<string, string[]>()
  let size = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const flush = (): Promise<void> => {
    timer = undefined
    const batch = [...waiting]
    waiting.clear()
    size = 0
    writing = writing.then(async () => {
      for (const [file, lines] of batch)
        await append(file, lines.join('')).catch((error: unknown) =>
          log.warn({ error, file, lines: lines.length }, 'requests could not be logged'),
        )
    })
    return writing
  }

  return {
    write: (endpoint, request) => {
      const config = endpoint['predictRequestResponseLoggingConfig']
      if (!isJsonObject(config) || config['enabled'] !== true) return
      const rate = typeof config['samplingRate'] === 'number' ? config['samplingRate'] : 1
      const line = `${JSON.stringify(lineOf(endpoint, request, random() < rate))}\n`
      if (size + line.length > mostWaiting) return
      let file: string
      try {
        file = addresses.tableFile(tableOf(endpoint, config), '.jsonl')
      } catch (error) {
        log.warn({ error, endpoint: endpoint.name }, 'the table for the requests of an endpoint leads nowhere')
        return
      }
      const lines = waiting.get(file) ?? []
      waiting.set(file, lines)
      lines.push(line)
      size += line.length
      timer ??= setTimeout(() => void flush(), flushEvery)
    },
    close: async () => {
      clearTimeout(timer)
      await flush()
    },
  }
}

const lineOf = (endpoint: Endpoint, request: LoggedRequest, sampled: boolean): JsonObject => {
  const { id, deployedModel, at, latency, status, instances, predictions } = request
  // Times first: whoever looks for what came since then need not read the rest.
  const line = {
    logging_time: new Date(at).toISOString(),
    endpoint: endpoint.name,
    deployed_model_id: deployedModel,
    request_id: id,
    status,
    latency_ms: Math.round(latency * 1_000) / 1_000,
  }
  if (!sampled) return line
  const [asked, answered] = [instances, predictions ?? []].map((values) => values.map((one) => JSON.stringify(one)))
  const length = [...(asked ?? []), ...(answered ?? [])].reduce((sum, text) => sum + text.length, 0)
  return length > largestPayload ? line : { ...line, request_payload: asked ?? [], response_payload: answered ?? [] }
}

/** Where the requests of an endpoint are logged; what is left out of the address, Vertex AI chooses so, too. */
const tableOf = (endpoint: Endpoint, config: JsonObject): string => {
  const destination = config['bigqueryDestination']
  const uri = isJsonObject(destination) ? String(destination['outputUri'] ?? '') : ''
  const [project = '', dataset, table] = uri.replace(/^bq:\/\//, '').split('.')
  const id = endpoint.name.split('/').at(-1) ?? ''
  const named = `logging_${endpoint.displayName ?? ''}_${id}`.replace(/\W/g, '_')
  return `bq://${project || 'local'}.${dataset ?? named}.${table ?? 'request_response_logging'}`
}

const append = async (file: string, text: string): Promise<void> => {
  const before = await stat(file).catch(() => undefined)
  if (before === undefined) await mkdir(dirname(file), { recursive: true })
  else if (before.size + text.length > largestTable) {
    await rm(`${file}.before`, { force: true })
    await rename(file, `${file}.before`)
  }
  await appendFile(file, text)
}
