import type { Digest } from '../domain/digest.ts'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import { modelNameOf } from './names.ts'
import type { Collection } from './records.ts'
import type { Endpoint, Labels, Model, Resource } from './resources.ts'
import { statusError } from './status.ts'

export interface ModelVersionRecord extends JsonObject {
  readonly model: Model
  /** The operation that made it, by which it is known again when that operation is taken up after a crash. */
  readonly operation: string
}

/**
 * A model with all its versions: one record, so that moving an alias from one version to another is one step on the
 * disk too.
 */
export interface ModelRecord extends JsonObject {
  readonly name: string
  readonly labels?: Labels
  readonly nextVersion: number
  readonly versions: readonly ModelVersionRecord[]
}

/** The record of a model, or NOT_FOUND. */
export const modelRecord = (models: Collection<ModelRecord>, name: string): ModelRecord => {
  const record = models.get(name)
  if (record) return record
  throw statusError('NOT_FOUND', `There is no model ${name}`)
}

/** The version that a name means: by id, by alias, or the default one. NOT_FOUND where there is none. */
export const findVersion = (models: Collection<ModelRecord>, name: unknown): Model => {
  const { model, version } = modelNameOf(name)
  return versionOf(modelRecord(models, model), version)
}

export const versionOf = (record: ModelRecord, version: string | undefined): Model => {
  const wanted = version ?? 'default'
  const found = record.versions.find(({ model }) => model.versionId === wanted || model.versionAliases.includes(wanted))
  if (found) return found.model
  throw statusError('NOT_FOUND', `The model ${record.name} has no version or alias ${JSON.stringify(wanted)}`)
}

/** The only one: the files as they were registered. Vertex AI calls it so for models that it did not train itself. */
export const exportFormat = 'custom-trained'

/** A version as the API shows it: with the model's labels, where it is deployed and how it can be exported. */
export const shownVersion = (record: ModelRecord, model: Model, endpoints: Collection<Endpoint & Resource>): Model => {
  const deployedModels = deploymentsOf(endpoints, record.name, model.versionId)
  return {
    ...model,
    ...(record.labels && { labels: { ...record.labels, ...model.labels } }),
    ...(deployedModels.length > 0 && { deployedModels }),
    ...(digestOf(model) && { supportedExportFormats: [{ id: exportFormat, exportableContents: ['ARTIFACT'] }] }),
  }
}

/** Where a model (or one version of it) is deployed. */
export const deploymentsOf = (endpoints: Collection<Endpoint>, model: string, version?: string) =>
  endpoints
    .list()
    .flatMap((endpoint) =>
      endpoint.deployedModels
        .filter(
          (deployed) => deployed.model === model && (version === undefined || deployed.modelVersionId === version),
        )
        .map(({ id }) => ({ endpoint: endpoint.name, deployedModelId: id })),
    )

/** The digest of a version's files; undefined for a version that was registered without any. */
export const digestOf = (model: Model): Digest | undefined => {
  const digest = isJsonObject(model.metadata) ? model.metadata.digest : undefined
  return typeof digest === 'string' && digest.startsWith('sha256:') ? (digest as Digest) : undefined
}

const aliasPattern = /^[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]$/

/** INVALID_ARGUMENT where one is no alias as Vertex AI knows them. */
export const checkAliases = (aliases: readonly string[]): readonly string[] => {
  for (const alias of aliases)
    if (!aliasPattern.test(alias))
      throw statusError(
        'INVALID_ARGUMENT',
        `${JSON.stringify(alias)} is no version alias: 2 to 128 letters, digits and hyphens, a lower-case letter first, a lower-case letter or a digit last`,
      )
  return aliases
}

/** The versions after `taker` got `given` and lost `taken`: an alias is held by one version only. */
export const withAliases = (
  versions: readonly ModelVersionRecord[],
  taker: string,
  given: readonly string[],
  taken: readonly string[] = [],
): readonly ModelVersionRecord[] =>
  versions.map((version) => {
    const { model } = version
    const isTaker = model.versionId === taker
    const lost = isTaker ? taken : given
    const kept = model.versionAliases.filter((alias) => !lost.includes(alias))
    const versionAliases = isTaker ? [...new Set([...kept, ...given])] : kept
    return { ...version, model: { ...model, versionAliases } }
  })
