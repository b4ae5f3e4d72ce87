import { findVersion, type ModelRecord } from '../model-records.ts'
import { modelNameOf, newId } from '../names.ts'
import type { Collection } from '../records.ts'
import { type ModelEvaluation, type ModelEvaluationSlice, timestampOf } from '../resources.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { pageOf } from './paging.ts'
import { messageIn } from './request.ts'

interface EvaluationPorts {
  readonly models: Collection<ModelRecord>
  readonly evaluations: Collection<ModelEvaluation>
  readonly slices: Collection<ModelEvaluationSlice>
  readonly now: () => number
}

/**
 * Evaluations and their slices belong to a version: their names hold it (`…/models/ID@VERSION/evaluations/ID`).
 * A request may name them by model, version or alias.
 */
export const createModelEvaluations = ({ models, evaluations, slices, now }: EvaluationPorts) => {
  const findEvaluation = (name: unknown): ModelEvaluation => {
    const [model, id, ...more] = String(name ?? '').split('/evaluations/')
    if (!id || more.length > 0 || id.includes('/'))
      throw statusError(
        'INVALID_ARGUMENT',
        `The name ${JSON.stringify(name ?? '')} is not of the form …/models/ID/evaluations/ID`,
      )
    for (const parent of candidates(model)) {
      const evaluation = evaluations.get(`${parent}/evaluations/${id}`)
      if (evaluation) return evaluation
    }
    throw statusError('NOT_FOUND', `There is no model evaluation ${String(name)}`)
  }
  /** An id is unique in the model, so a name without version finds the evaluation of any. */
  const candidates = (name: unknown): readonly string[] => {
    const { model, version } = modelNameOf(name)
    if (version !== undefined) return [`${model}@${findVersion(models, name).versionId}`]
    return models.get(model)?.versions.map((each) => `${model}@${each.model.versionId}`) ?? []
  }
  const made = (parent: string, collection: string, taken: (name: string) => boolean): string =>
    `${parent}/${collection}/${newId((id) => taken(`${parent}/${collection}/${id}`))}`

  return {
    importModelEvaluation: async (request) => {
      const { name, versionId } = findVersion(models, request.parent)
      const given = messageIn(request, 'modelEvaluation')
      if (given.metrics === undefined) throw statusError('INVALID_ARGUMENT', 'model_evaluation.metrics is required')
      const evaluation = {
        ...given,
        name: made(`${name}@${versionId}`, 'evaluations', (taken) => evaluations.get(taken) !== undefined),
        createTime: timestampOf(now()),
      }
      await evaluations.insert(evaluation)
      return evaluation
    },
    getModelEvaluation: async (request) => findEvaluation(request.name),
    listModelEvaluations: async (request) => {
      const { name, versionId } = findVersion(models, request.parent)
      const found = evaluations.list(`${name}@${versionId}/evaluations/`)
      const { items, nextPageToken } = pageOf(found, request, ['metricsSchemaUri'])
      return { modelEvaluations: items, nextPageToken }
    },
    batchImportModelEvaluationSlices: async (request) => {
      const { name: parent } = findEvaluation(request.parent)
      const given = (request.modelEvaluationSlices ?? []) as readonly Message[]
      if (given.length === 0) throw statusError('INVALID_ARGUMENT', 'model_evaluation_slices is empty')
      const names: string[] = []
      for (const slice of given) {
        const name = made(parent, 'slices', (taken) => slices.get(taken) !== undefined)
        await slices.insert({ ...slice, name, createTime: timestampOf(now()) })
        names.push(name)
      }
      return { importedModelEvaluationSlices: names }
    },
    getModelEvaluationSlice: async (request) => {
      const [evaluation, id] = String(request.name ?? '').split('/slices/')
      const slice = slices.get(`${findEvaluation(evaluation).name}/slices/${id}`)
      if (slice) return slice
      throw statusError('NOT_FOUND', `There is no model evaluation slice ${String(request.name)}`)
    },
    listModelEvaluationSlices: async (request) => {
      const { name } = findEvaluation(request.parent)
      const withDimension = slices.list(`${name}/slices/`).map((slice) => ({ ...slice, ...slice.slice }))
      const { items, nextPageToken } = pageOf(withDimension, request, ['dimension', 'value', 'slice'])
      const shown = items.map((item) => slices.get(item.name as string) ?? item)
      return { modelEvaluationSlices: shown, nextPageToken }
    },
  } satisfies Record<string, Handler>
}

/** Removes what is known of the quality of a model, or of one version of it. */
export const dropEvaluations =
  ({ evaluations, slices }: Pick<EvaluationPorts, 'evaluations' | 'slices'>) =>
  async (model: string, version?: string): Promise<void> => {
    const prefix = version === undefined ? `${model}@` : `${model}@${version}/`
    for (const { name } of slices.list(prefix)) await slices.remove(name)
    for (const { name } of evaluations.list(prefix)) await evaluations.remove(name)
  }
