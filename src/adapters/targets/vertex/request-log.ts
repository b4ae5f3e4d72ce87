import { join } from 'node:path'
import type { google } from '@google-cloud/aiplatform/build/protos/protos.js'
import type { Warehouse } from '../../../domain/ports/data.ts'
import type { RequestLog } from '../../../domain/ports/request-log.ts'
import { type Call, isNotFound } from './calls.ts'
import type { Clients } from './clients.ts'
import { askForAnswers, type LogTable } from './logged-answers.ts'
import { readTable } from './logged-lines.ts'

type Endpoint = google.cloud.aiplatform.v1.IEndpoint

const mostRequests = 200_000

/** Where the requests of a target's endpoints are logged: the embedded platform's folder of tables, or BigQuery. */
export type LogPlace =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'warehouse'; readonly warehouse: Warehouse }

/** Request-response logging: the table that an endpoint's `predict_request_response_logging_config` names. */
export const createRequestLogs = (clients: Clients, call: Call, place: LogPlace | undefined): RequestLog => {
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
      if (place?.kind !== 'folder') return
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
      if (place === undefined) return { ok: false, reason: 'its requests are logged where Winnow does not read them' }
      const uri = config.bigqueryDestination?.outputUri ?? ''
      const table = tableOf(endpoint, uri)
      if (table === undefined)
        return { ok: false, reason: `the table that its requests are logged to leads nowhere: ${uri}` }
      if (place.kind === 'warehouse') return askForAnswers(place.warehouse, table, name, since, mostRequests, signal)
      const file = join(place.folder, table.project, table.dataset, `${table.name}.jsonl`)
      return { ok: true, requests: await readTable(file, name, since, mostRequests, signal) }
    },
  }
}

/** `bq://PROJECT.DATASET.TABLE`; what is left out of the address, Vertex AI chooses. */
const tableOf = ({ name, displayName }: Endpoint, uri: string): LogTable | undefined => {
  const [project, dataset, table, ...more] = uri.replace(/^bq:\/\//, '').split('.')
  const chosen = `logging_${displayName ?? ''}_${name?.split('/').at(-1) ?? ''}`.replace(/\W/g, '_')
  if (!project || more.length > 0 || ![project, dataset ?? '', table ?? ''].every((part) => /^[\w:-]*$/.test(part)))
    return undefined
  return { project, dataset: dataset || chosen, name: table || 'request_response_logging' }
}
