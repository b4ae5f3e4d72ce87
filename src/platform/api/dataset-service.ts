import { isJsonObject, type Json } from '../../domain/json.ts'
import type { Addresses } from '../addresses.ts'
import { nameOf, newId, placeOf } from '../names.ts'
import type { Operations } from '../operations.ts'
import type { Collection } from '../records.ts'
import { type Dataset, timestampOf } from '../resources.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { createDatasetExports } from './dataset-export.ts'
import { maskedFields, merged } from './field-mask.ts'
import { pageOf } from './paging.ts'
import { messageIn, requiredText } from './request.ts'

interface DatasetPorts {
  readonly datasets: Collection<Dataset>
  readonly operations: Operations
  readonly addresses: Addresses
  readonly now: () => number
}

/** Datasets are tables that stay where they are: the record says where, and the address is checked when it is made. */
export const createDatasetService = ({ datasets, operations, addresses, now }: DatasetPorts) => {
  const find = (name: unknown): Dataset => {
    const dataset = datasets.get(nameOf(name, 'datasets'))
    if (dataset) return dataset
    throw statusError('NOT_FOUND', `There is no dataset ${String(name)}`)
  }

  const create = operations.define('createDataset', {
    metadata: 'google.cloud.aiplatform.v1.CreateDatasetOperationMetadata',
    response: 'google.cloud.aiplatform.v1.Dataset',
    run: async (plan) => {
      const dataset = plan.dataset as Dataset
      for (const uri of sourcesOf(dataset.metadata)) await addresses.files(uri)
      await datasets.insert(dataset)
      return dataset
    },
  })
  const remove = operations.define('deleteDataset', {
    metadata: 'google.cloud.aiplatform.v1.DeleteOperationMetadata',
    response: 'google.protobuf.Empty',
    run: async (plan) => {
      await datasets.remove(plan.name as string)
      return {}
    },
  })

  return {
    ...createDatasetExports({ find, sources: ({ metadata }) => sourcesOf(metadata), operations, addresses, now }),

    createDataset: async (request) => {
      const parent = placeOf(request.parent)
      const given = messageIn(request, 'dataset')
      requiredText(given, 'displayName', 'dataset.display_name')
      for (const uri of sourcesOf(given.metadata)) addresses.resolve(uri)
      const time = timestampOf(now())
      const name = `${parent}/datasets/${newId((id) => datasets.get(`${parent}/datasets/${id}`) !== undefined)}`
      return create(parent, { dataset: { ...given, name, createTime: time, updateTime: time } })
    },
    getDataset: async (request) => find(request.name),
    listDatasets: async (request) => {
      const parent = placeOf(request.parent)
      const { items, nextPageToken } = pageOf(datasets.list(`${parent}/datasets/`), request, ['metadataSchemaUri'])
      return { datasets: items, nextPageToken }
    },
    updateDataset: async (request) => {
      const given = messageIn(request, 'dataset')
      const { name } = find(given.name)
      const fields = maskedFields(request.updateMask, ['displayName', 'description', 'labels'])
      const changed = await datasets.update(name, (dataset) => ({
        ...merged(dataset, given, fields),
        updateTime: timestampOf(now()),
      }))
      return changed as Message
    },
    deleteDataset: async (request) => {
      const { name } = find(request.name)
      return remove(name, { name })
    },
  } satisfies Record<string, Handler>
}

/** The addresses in a tabular dataset's metadata: `inputConfig.gcsSource.uri` (a list) or `inputConfig.bigquerySource.uri`. */
export const sourcesOf = (metadata: Json | undefined): readonly string[] => {
  const config = isJsonObject(metadata) ? (metadata.inputConfig ?? metadata.input_config) : undefined
  if (!isJsonObject(config)) return []
  const [storage, table] = [config.gcsSource ?? config.gcs_source, config.bigquerySource ?? config.bigquery_source]
  const found = [isJsonObject(storage) ? storage.uri : undefined, isJsonObject(table) ? table.uri : undefined]
  return found.flat().filter((uri) => typeof uri === 'string')
}
