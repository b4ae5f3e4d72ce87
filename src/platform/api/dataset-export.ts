import { copyFile, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import type { Addresses } from '../addresses.ts'
import type { Operations } from '../operations.ts'
import type { Dataset } from '../resources.ts'
import type { Handler } from '../services.ts'
import { statusError } from '../status.ts'
import { messageIn, requiredText } from './request.ts'

interface ExportPorts {
  readonly find: (name: unknown) => Dataset
  /** The addresses of a dataset's tables. */
  readonly sources: (dataset: Dataset) => readonly string[]
  readonly operations: Operations
  readonly addresses: Addresses
  readonly now: () => number
}

/** exportData: a copy of each file of the table, in a new folder below the one that was asked for. */
export const createDatasetExports = ({ find, sources, operations, addresses, now }: ExportPorts) => {
  const start = operations.define('exportData', {
    metadata: 'google.cloud.aiplatform.v1.ExportDataOperationMetadata',
    response: 'google.cloud.aiplatform.v1.ExportDataResponse',
    details: ({ uri }) => ({ gcsOutputDirectory: uri }),
    run: async ({ name, uri }) => {
      const folder = addresses.resolve(String(uri))
      await mkdir(folder, { recursive: true })
      const exportedFiles: string[] = []
      for (const source of sources(find(name)))
        for (const file of await addresses.files(source)) {
          // Two folders may hold files of one name.
          const copy = `${exportedFiles.length + 1}-${basename(file)}`
          await copyFile(file, join(folder, copy))
          exportedFiles.push(`${String(uri)}/${copy}`)
        }
      return { exportedFiles }
    },
  })
  return {
    exportData: async (request) => {
      const dataset = find(request.name)
      const config = messageIn(request, 'exportConfig')
      const destination: JsonObject = isJsonObject(config.gcsDestination) ? config.gcsDestination : {}
      const prefix = requiredText(destination, 'outputUriPrefix', 'export_config.gcs_destination.output_uri_prefix')
      const unknown = Object.keys(config).filter((field) => field !== 'gcsDestination' && config[field])
      if (unknown.length > 0)
        throw statusError('INVALID_ARGUMENT', `A whole dataset is exported here: leave out ${unknown.join(', ')}`)
      if (sources(dataset).length === 0)
        throw statusError('FAILED_PRECONDITION', `${dataset.name} names no table: there is nothing to export`)
      addresses.resolve(prefix)
      const title = String(dataset.displayName ?? '').replace(/[^A-Za-z0-9_-]/g, '_')
      const folder = `export-data-${title}-${new Date(now()).toISOString()}`
      return start(dataset.name, { name: dataset.name, uri: `${prefix.replace(/\/$/, '')}/${folder}` })
    },
  } satisfies Record<string, Handler>
}
