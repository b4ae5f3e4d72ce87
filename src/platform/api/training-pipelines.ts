import { isJsonObject } from '../../domain/json.ts'
import type { ModelRecord } from '../model-records.ts'
import { nameOf, placeOf } from '../names.ts'
import type { Collection } from '../records.ts'
import type { Model } from '../resources.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { pageOf } from './paging.ts'

const tabular = 'gs://google-cloud-aiplatform/schema/trainingjob/definition/automl_tabular_1.0.0.yaml'

/**
 * Trainings by AutoML, as far as they made a model: each is read off the version that it registered, since the pipeline's
 * task is where a training runs, fails and is cancelled here.
 */
export const createTrainingPipelines = ({ models }: { readonly models: Collection<ModelRecord> }) => {
  const ofPlace = (place: string): readonly Message[] =>
    models
      .list(`${place}/models/`)
      .flatMap(({ name, versions }) => versions.map(({ model }) => ({ name, model })))
      .filter(({ model }) => isJsonObject(model.modelSourceInfo) && model.modelSourceInfo.sourceType === 'AUTOML')
      .map(({ name, model }) => shown(place, name, model))

  return {
    getTrainingPipeline: async (request) => {
      const name = nameOf(request.name, 'trainingPipelines')
      const found = ofPlace(name.split('/').slice(0, 4).join('/')).find((one) => one.name === name)
      if (found) return found
      throw statusError('NOT_FOUND', `There is no training pipeline ${name}`)
    },
    listTrainingPipelines: async (request) => {
      const found = ofPlace(placeOf(request.parent))
      const { items, nextPageToken } = pageOf(found, request, ['state', 'trainingTaskDefinition', 'endTime'])
      return { trainingPipelines: items, nextPageToken }
    },
  } satisfies Record<string, Handler>
}

const shown = (place: string, model: string, version: Model): Message & { readonly name: string } => {
  const { displayName = '', labels = {}, versionId, versionCreateTime, metadata } = version
  return {
    name: `${place}/trainingPipelines/${model.slice(model.lastIndexOf('/') + 1)}-${versionId}`,
    displayName,
    labels,
    trainingTaskDefinition: tabular,
    trainingTaskMetadata: metadata,
    modelToUpload: { name: model, versionId, displayName },
    modelId: model.slice(model.lastIndexOf('/') + 1),
    state: 'PIPELINE_STATE_SUCCEEDED',
    createTime: versionCreateTime,
    endTime: versionCreateTime,
    updateTime: versionCreateTime,
  }
}
