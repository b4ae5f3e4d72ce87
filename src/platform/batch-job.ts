import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import { statusError } from './status.ts'

/** What a batch prediction job asks for; every reader raises INVALID_ARGUMENT where the job does not say, or cannot be done here. */

export interface BatchInput {
  readonly uris: readonly string[]
  /** `table`: whichever form the file of a table has. */
  readonly format: 'jsonl' | 'csv' | 'table'
}

const at = (value: Json | undefined, key: string): Json | undefined => (isJsonObject(value) ? value[key] : undefined)

const invalid = (message: string): Error => statusError('INVALID_ARGUMENT', message)

export const inputOf = ({ inputConfig }: JsonObject): BatchInput => {
  const format = at(inputConfig, 'instancesFormat')
  const uris = [at(at(inputConfig, 'gcsSource'), 'uris'), at(at(inputConfig, 'bigquerySource'), 'inputUri')]
    .flat()
    .filter((uri) => typeof uri === 'string')
  if (uris.length === 0) throw invalid('input_config names neither gcs_source.uris nor bigquery_source.input_uri')
  if (format === 'jsonl' || format === 'csv') return { uris, format }
  if (format === 'bigquery') return { uris, format: 'table' }
  throw invalid(`instances_format ${JSON.stringify(format ?? '')} is not read here: jsonl, csv or bigquery`)
}

export type BatchOutput =
  | { readonly format: 'jsonl' | 'csv'; readonly prefix: string }
  /** `bq://PROJECT`, `bq://PROJECT.DATASET` or `bq://PROJECT.DATASET.TABLE`. */
  | { readonly format: 'table'; readonly uri: string }

export const outputOf = ({ outputConfig }: JsonObject): BatchOutput => {
  const format = at(outputConfig, 'predictionsFormat')
  if (format === 'bigquery') {
    const uri = at(at(outputConfig, 'bigqueryDestination'), 'outputUri')
    if (typeof uri === 'string' && /^bq:\/\/[^.\s]+(\.[^.\s]+){0,2}$/.test(uri)) return { format: 'table', uri }
    throw invalid(
      `output_config.bigquery_destination.output_uri is ${JSON.stringify(uri ?? '')}, not bq://PROJECT[.DATASET[.TABLE]]`,
    )
  }
  if (format !== 'jsonl' && format !== 'csv')
    throw invalid(`predictions_format ${JSON.stringify(format ?? '')} is not written here: jsonl, csv or bigquery`)
  const prefix = at(at(outputConfig, 'gcsDestination'), 'outputUriPrefix')
  if (typeof prefix === 'string' && prefix !== '') return { format, prefix }
  throw invalid('output_config names no gcs_destination.output_uri_prefix')
}

/** Where the output of a job goes: what its `outputInfo` says. `id` keeps the output of one job from another's. */
export const outputInfoOf = (output: BatchOutput, displayName: string, id: string): JsonObject => {
  if (output.format !== 'table') {
    const folder = `prediction-${displayName.replace(/[^A-Za-z0-9_-]/g, '_')}-${id}`
    return { gcsOutputDirectory: `${output.prefix.replace(/\/$/, '')}/${folder}` }
  }
  const [project, dataset, table = 'predictions'] = output.uri.split('.')
  const name = dataset ?? `prediction_${displayName.replace(/\W/g, '_')}_${id}`
  return { bigqueryOutputDataset: `${project}.${name}`, bigqueryOutputTable: table }
}

/** Which members of an instance the model is given, and whether a key stands for the instance in the output. */
export interface InstanceFields {
  readonly key?: string
  readonly sent: (instance: JsonObject) => JsonObject
}

export const fieldsOf = ({ instanceConfig }: JsonObject): InstanceFields => {
  const type = at(instanceConfig, 'instanceType')
  if (type !== undefined && type !== '' && type !== 'object')
    throw invalid(`instance_type ${JSON.stringify(type)} is not given to models here: object`)
  const key = at(instanceConfig, 'keyField')
  const included = textsOf(at(instanceConfig, 'includedFields'))
  const excluded = textsOf(at(instanceConfig, 'excludedFields'))
  if (included.length > 0 && excluded.length > 0)
    throw invalid('included_fields and excluded_fields exclude each other')
  const isSent = (name: string): boolean =>
    name !== key && !excluded.includes(name) && (included.length === 0 || included.includes(name))
  return {
    ...(typeof key === 'string' && key !== '' ? { key } : {}),
    sent: (instance) => Object.fromEntries(Object.entries(instance).filter(([name]) => isSent(name))),
  }
}

const textsOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
