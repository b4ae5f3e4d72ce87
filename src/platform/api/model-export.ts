import { cp } from 'node:fs/promises'
import type { Digest } from '../../domain/digest.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { Addresses } from '../addresses.ts'
import { digestOf, exportFormat, findVersion, type ModelRecord } from '../model-records.ts'
import type { ModelStore } from '../model-store.ts'
import type { Operations } from '../operations.ts'
import type { Collection } from '../records.ts'
import type { Handler } from '../services.ts'
import { statusError } from '../status.ts'
import { messageIn, requiredText } from './request.ts'

interface ExportPorts {
  readonly models: Collection<ModelRecord>
  readonly store: ModelStore
  readonly operations: Operations
  readonly addresses: Addresses
  readonly now: () => number
}

/** exportModel: the version's files, as they were registered, in a new folder below the one that was asked for. */
export const createModelExports = ({ models, store, operations, addresses, now }: ExportPorts) => {
  const start = operations.define('exportModel', {
    metadata: 'google.cloud.aiplatform.v1.ExportModelOperationMetadata',
    response: 'google.cloud.aiplatform.v1.ExportModelResponse',
    details: ({ uri }) => ({ outputInfo: { artifactOutputUri: uri } }),
    run: async ({ digest, uri }) => {
      await cp(store.folderOf(digest as Digest), addresses.resolve(String(uri)), { recursive: true })
      return {}
    },
  })
  return {
    exportModel: async (request) => {
      const version = findVersion(models, request.name)
      const config = messageIn(request, 'outputConfig')
      const format = config.exportFormatId
      if (format && format !== exportFormat)
        throw statusError('INVALID_ARGUMENT', `A model is not exported as ${String(format)} here: ${exportFormat}`)
      if (config.imageDestination)
        throw statusError('INVALID_ARGUMENT', 'A model has no image here: give an artifact_destination')
      const destination = isJsonObject(config.artifactDestination) ? config.artifactDestination : {}
      const prefix = requiredText(
        destination,
        'outputUriPrefix',
        'output_config.artifact_destination.output_uri_prefix',
      )
      const digest = digestOf(version)
      if (digest === undefined)
        throw statusError(
          'FAILED_PRECONDITION',
          `${version.name} was registered without files: there is nothing to export`,
        )
      addresses.resolve(prefix)
      const title = String(version.displayName ?? '').replace(/[^A-Za-z0-9_-]/g, '_')
      const folder = `model-export-${title}-${new Date(now()).toISOString()}`
      return start(version.name, { digest, uri: `${prefix.replace(/\/$/, '')}/${folder}` })
    },
  } satisfies Record<string, Handler>
}
