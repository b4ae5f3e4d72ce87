import {
  checkAliases,
  deploymentsOf,
  digestOf,
  type ModelRecord,
  type ModelVersionRecord,
  modelRecord,
  shownVersion,
  versionOf,
  withAliases,
} from '../model-records.ts'
import { modelNameOf, placeOf } from '../names.ts'
import type { Collection } from '../records.ts'
import { type Endpoint, type Model, timestampOf } from '../resources.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { maskedFields, merged } from './field-mask.ts'
import { createModelExports } from './model-export.ts'
import { createModelUploads, type UploadPorts } from './model-upload.ts'
import { pageOf } from './paging.ts'
import { messageIn, textsIn } from './request.ts'

interface ModelPorts extends UploadPorts {
  readonly endpoints: Collection<Endpoint>
  /** Forgets the evaluations of a model, or of one version of it. */
  readonly dropEvaluations: (model: string, version?: string) => Promise<void>
}

const filterable = ['versionId', 'versionAliases', 'versionCreateTime', 'versionUpdateTime', 'description']

export const createModelService = (ports: ModelPorts) => {
  const { models, endpoints, store, operations, now, dropEvaluations } = ports

  const change = async (name: string, alter: (record: ModelRecord) => ModelRecord): Promise<ModelRecord> => {
    const record = await models.update(name, alter)
    if (record) return record
    throw statusError('NOT_FOUND', `There is no model ${name}`)
  }
  const touched = (version: ModelVersionRecord, model: Message): ModelVersionRecord => {
    const time = timestampOf(now())
    return { ...version, model: { ...(model as Model), updateTime: time, versionUpdateTime: time } }
  }
  const refuseDeployed = (name: string, version?: string): void => {
    const [deployed] = deploymentsOf(endpoints, name, version)
    if (deployed)
      throw statusError(
        'FAILED_PRECONDITION',
        `${name}${version === undefined ? '' : `@${version}`} is deployed to ${deployed.endpoint}: undeploy it first`,
      )
  }
  /** Files stay while any version, of whatever model, has the same. */
  const dropFiles = async (versions: readonly ModelVersionRecord[]): Promise<void> => {
    for (const digest of new Set(versions.map(({ model }) => digestOf(model)))) {
      const used = models.list().some((record) => record.versions.some(({ model }) => digestOf(model) === digest))
      if (digest !== undefined && !used) await store.drop(digest)
    }
  }

  const removeModel = operations.define('deleteModel', {
    metadata: 'google.cloud.aiplatform.v1.DeleteOperationMetadata',
    response: 'google.protobuf.Empty',
    run: async (plan) => {
      const name = plan.name as string
      refuseDeployed(name)
      const versions = models.get(name)?.versions ?? []
      await models.remove(name)
      await dropEvaluations(name)
      await dropFiles(versions)
      return {}
    },
  })
  const removeVersion = operations.define('deleteModelVersion', {
    metadata: 'google.cloud.aiplatform.v1.DeleteOperationMetadata',
    response: 'google.protobuf.Empty',
    run: async (plan) => {
      const [name, versionId] = [plan.name as string, plan.versionId as string]
      refuseDeployed(name, versionId)
      const gone = models.get(name)?.versions.filter(({ model }) => model.versionId === versionId) ?? []
      await models.update(name, (record) => ({
        ...record,
        versions: record.versions.filter(({ model }) => model.versionId !== versionId),
      }))
      await dropEvaluations(name, versionId)
      await dropFiles(gone)
      return {}
    },
  })

  return {
    ...createModelUploads(ports),
    ...createModelExports(ports),

    getModel: async (request) => {
      const { model, version } = modelNameOf(request.name)
      const record = modelRecord(models, model)
      return shownVersion(record, versionOf(record, version), endpoints)
    },
    listModels: async (request) => {
      const parent = placeOf(request.parent)
      const shown = models
        .list(`${parent}/models/`)
        .map((record) => shownVersion(record, versionOf(record, undefined), endpoints))
      const { items, nextPageToken } = pageOf(shown, request, filterable)
      return { models: items, nextPageToken }
    },
    listModelVersions: async (request) => {
      const record = modelRecord(models, modelNameOf(request.name).model)
      const shown = record.versions.map(({ model }) => shownVersion(record, model, endpoints))
      const { items, nextPageToken } = pageOf(shown, request, filterable)
      return { models: items, nextPageToken }
    },

    /** A name with a version updates that version, a name without one the model: its names on all versions, its own labels. */
    updateModel: async (request) => {
      const given = messageIn(request, 'model')
      const { model: name, version } = modelNameOf(given.name)
      const ofModel = ['displayName', 'description', 'labels']
      const ofVersion = ['versionDescription', 'labels']
      const fields = maskedFields(request.updateMask, version === undefined ? ofModel : ofVersion)
      const { versionId } = versionOf(modelRecord(models, name), version)
      const shared = fields.filter((field) => field !== 'labels')
      const record = await change(name, (found) => ({
        ...(version === undefined
          ? merged(
              found,
              given,
              fields.filter((field) => field === 'labels'),
            )
          : found),
        versions: found.versions.map((each) => {
          if (version === undefined) return touched(each, merged(each.model, given, shared))
          return each.model.versionId === versionId ? touched(each, merged(each.model, given, fields)) : each
        }),
      }))
      return shownVersion(record, versionOf(record, versionId), endpoints)
    },

    mergeVersionAliases: async (request) => {
      const { model: name, version } = modelNameOf(request.name)
      if (version === undefined) throw statusError('INVALID_ARGUMENT', `${name} names no version: write MODEL@VERSION`)
      const { versionId } = versionOf(modelRecord(models, name), version)
      const asked = textsIn(request, 'versionAliases')
      if (asked.length === 0) throw statusError('INVALID_ARGUMENT', 'version_aliases is empty')
      const taken = asked.filter((alias) => alias.startsWith('-')).map((alias) => alias.slice(1))
      const given = asked.filter((alias) => !alias.startsWith('-'))
      checkAliases([...given, ...taken])
      if (taken.includes('default'))
        throw statusError(
          'INVALID_ARGUMENT',
          'The alias default cannot be removed: exactly one version has it. Give it to another version.',
        )
      const record = await change(name, (found) => ({
        ...found,
        versions: withAliases(found.versions, versionId, given, taken).map((each) =>
          each.model.versionId === versionId ? touched(each, each.model) : each,
        ),
      }))
      return shownVersion(record, versionOf(record, versionId), endpoints)
    },

    deleteModel: async (request) => {
      const { name } = modelRecord(models, modelNameOf(request.name).model)
      refuseDeployed(name)
      return removeModel(name, { name })
    },
    deleteModelVersion: async (request) => {
      const { model: name, version } = modelNameOf(request.name)
      if (version === undefined) throw statusError('INVALID_ARGUMENT', `${name} names no version: write MODEL@VERSION`)
      const record = modelRecord(models, name)
      const { versionId, versionAliases } = versionOf(record, version)
      if (record.versions.length === 1)
        throw statusError('FAILED_PRECONDITION', `${name}@${versionId} is the only version: delete the model instead`)
      if (versionAliases.includes('default'))
        throw statusError(
          'FAILED_PRECONDITION',
          `${name}@${versionId} is the default version: give the alias default to another one first`,
        )
      refuseDeployed(name, versionId)
      return removeVersion(name, { name, versionId })
    },
  } satisfies Record<string, Handler>
}
