import { isJsonObject } from '../../domain/json.ts'
import type { Addresses } from '../addresses.ts'
import { checkAliases, findVersion, type ModelRecord, modelRecord, versionOf, withAliases } from '../model-records.ts'
import type { ModelStore } from '../model-store.ts'
import { modelNameOf, newId, placeOf } from '../names.ts'
import type { Operations } from '../operations.ts'
import type { Collection } from '../records.ts'
import { type Model, timestampOf } from '../resources.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { chosenId, messageIn, requiredText, textIn, textsIn } from './request.ts'

export interface UploadPorts {
  readonly models: Collection<ModelRecord>
  readonly store: ModelStore
  readonly operations: Operations
  readonly addresses: Addresses
  readonly now: () => number
}

const modelIdPattern = /^[a-z_][a-z0-9_-]{0,62}$/
const modelIdRule = 'up to 63 of a-z, 0-9, _ and -, the first no digit and no hyphen'

/** uploadModel and copyModel: both make a new model, or a new version of one. */
export const createModelUploads = ({ models, store, operations, addresses, now }: UploadPorts) => {
  /** The name of the model that a version is to be added to; a new one where the request names no parent model. */
  const target = (request: Message, parent: string): string => {
    const parentModel = textIn(request, 'parentModel')
    const id = chosenId(request, 'modelId', modelIdPattern, modelIdRule)
    if (parentModel !== undefined) {
      if (id !== undefined) throw statusError('INVALID_ARGUMENT', 'parent_model and model_id exclude each other')
      return modelRecord(models, modelNameOf(parentModel).model).name
    }
    const name = `${parent}/models/${id ?? newId((made) => models.get(`${parent}/models/${made}`) !== undefined)}`
    if (models.get(name)) throw statusError('ALREADY_EXISTS', `The model ${name} exists already`)
    return name
  }

  /** Adds a version; finds the one that this operation added before a crash. One step, as nothing awaits in it. */
  const addVersion = async (name: string, fields: Message, operation: string, isNew: boolean): Promise<Message> => {
    const made = models.get(name)?.versions.find((version) => version.operation === operation)
    if (made) return { model: name, modelVersionId: made.model.versionId }
    const record = models.get(name)
    if (isNew && record) throw statusError('ALREADY_EXISTS', `The model ${name} exists already`)
    if (!isNew && !record) throw statusError('NOT_FOUND', `The model ${name} was deleted in the meantime`)
    const versionId = String(record?.nextVersion ?? 1)
    const time = timestampOf(now())
    const aliases = textsIn(fields, 'versionAliases')
    const model: Model = {
      ...fields,
      name,
      versionId,
      versionAliases: [],
      versionCreateTime: time,
      versionUpdateTime: time,
      createTime: record?.versions[0]?.model.createTime ?? time,
      updateTime: time,
    }
    const versions = [...(record?.versions ?? []), { model, operation }]
    const given = record ? aliases : [...new Set(['default', ...aliases])]
    const changed = {
      ...(record ?? { name }),
      nextVersion: Number(versionId) + 1,
      versions: withAliases(versions, versionId, given),
    }
    await (record ? models.update(name, () => changed) : models.insert(changed))
    return { model: name, modelVersionId: versionId }
  }

  const upload = operations.define('uploadModel', {
    metadata: 'google.cloud.aiplatform.v1.UploadModelOperationMetadata',
    response: 'google.cloud.aiplatform.v1.UploadModelResponse',
    run: async (plan, { name: operation }) => {
      const fields = plan.model as Message
      const uri = textIn(fields, 'artifactUri')
      const digest = uri === undefined ? undefined : await store.keep(addresses.resolve(uri))
      const metadata = isJsonObject(fields.metadata) ? fields.metadata : {}
      const complete = digest === undefined ? fields : { ...fields, metadata: { ...metadata, digest } }
      return addVersion(plan.name as string, complete, operation, plan.isNew === true)
    },
  })

  const copy = operations.define('copyModel', {
    metadata: 'google.cloud.aiplatform.v1.CopyModelOperationMetadata',
    response: 'google.cloud.aiplatform.v1.CopyModelResponse',
    run: async (plan, { name: operation }) => {
      const { model, version } = modelNameOf(plan.source)
      const source = versionOf(modelRecord(models, model), version)
      const { versionAliases: _, deployedModels: __, ...fields } = source
      const info = isJsonObject(source.modelSourceInfo) ? source.modelSourceInfo : { sourceType: 'CUSTOM' }
      const copied = {
        ...fields,
        originalModelInfo: { model: plan.source },
        modelSourceInfo: { ...info, copy: true },
      }
      return addVersion(plan.name as string, copied, operation, plan.isNew === true)
    },
  })

  return {
    uploadModel: async (request) => {
      const parent = placeOf(request.parent)
      const given = messageIn(request, 'model')
      requiredText(given, 'displayName', 'model.display_name')
      checkAliases(textsIn(given, 'versionAliases'))
      const uri = textIn(given, 'artifactUri')
      if (uri !== undefined) addresses.resolve(uri)
      const name = target(request, parent)
      return upload(parent, { name, model: given, isNew: !models.get(name) })
    },
    copyModel: async (request) => {
      const parent = placeOf(request.parent)
      const source = findVersion(models, request.sourceModel)
      const name = target(request, parent)
      return copy(parent, { name, source: `${source.name}@${source.versionId}`, isNew: !models.get(name) })
    },
  } satisfies Record<string, Handler>
}
