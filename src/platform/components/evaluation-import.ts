import { readFile } from 'node:fs/promises'
import { Fault } from '../../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { Addresses } from '../addresses.ts'
import { metricsSchemaUris } from '../automl/training.ts'
import type { Message } from '../services.ts'
import { badArgument, type Options, readCommandLine, readOptions } from './arguments.ts'
import type { NativeComponent } from './component.ts'
import { gcpResources, taskOutputs } from './outputs.ts'

const component = 'ModelImportEvaluationOp'
const known = [
  ...['metrics', 'metrics_explanation', 'classification_metrics', 'regression_metrics', 'problem_type'],
  ...['display_name', 'dataset_path', 'dataset_paths', 'dataset_type', 'pipeline_job_id'],
  ...['pipeline_job_resource_name', 'model_name', 'gcp_resources', 'evaluation_resource_name'],
]
const unread = 'is not imported here: only classification and regression metrics are'
const refused = Object.fromEntries(
  [
    ...['row_based_metrics', 'forecasting_metrics', 'text_generation_metrics', 'question_answering_metrics'],
    ...['summarization_metrics', 'embedding_metrics', 'explanation', 'feature_attributions'],
  ].map((name) => [name, unread]),
)

type Problem = keyof typeof metricsSchemaUris

/** Makes a ModelEvaluation of a registered model, with its slices, from the file of an evaluation component. */
export const importEvaluation: NativeComponent = async (call, { services, addresses }, signal) => {
  const options = readOptions(component, readCommandLine(call.args)?.options ?? {}, known, refused)
  const { problem, uri } = metricsOf(options)
  const metricsSchemaUri = metricsSchemaUris[problem]
  const [whole, ...slices] = await readSlices(uri, problem, addresses)
  if (whole === undefined) throw unreadable(uri, 'it holds no metrics')
  const modelEvaluation: Message = {
    metricsSchemaUri,
    metrics: whole.metrics,
    ...(options.text('display_name') === undefined ? {} : { displayName: options.text('display_name') }),
    ...(slices.length === 0 ? {} : { sliceDimensions: [...new Set(slices.map(({ dimension }) => dimension))] }),
    metadata: metadataOf(options),
  }
  const parent = options.requiredText('model_name')
  const evaluation = await services.call('ModelService', 'importModelEvaluation', { parent, modelEvaluation }, signal)
  const name = String(evaluation['name'])
  if (slices.length > 0) {
    const modelEvaluationSlices = slices.map(({ dimension, value, metrics }) => ({
      slice: { dimension, value },
      metricsSchemaUri,
      metrics,
    }))
    const request = { parent: name, modelEvaluationSlices }
    await services.call('ModelService', 'batchImportModelEvaluationSlices', request, signal)
  }
  call.log(`Evaluation ${name}`)
  return taskOutputs(call, {}, { ...gcpResources('ModelEvaluation', name), evaluation_resource_name: name })
}

const metricsOf = (options: Options): { problem: Problem; uri: string } => {
  for (const problem of ['classification', 'regression'] as const) {
    const uri = options.text(`${problem}_metrics`)
    if (uri !== undefined) return { problem, uri }
  }
  const problem = options.text('problem_type')
  if (problem === 'classification' || problem === 'regression') return { problem, uri: options.requiredText('metrics') }
  if (options.text('metrics') === undefined)
    throw badArgument(component, 'classification_metrics', 'and regression_metrics are missing', 'Give one of them.')
  throw badArgument(component, 'problem_type', `is ${problem ?? 'missing'}`, 'Use classification or regression.')
}

const metadataOf = (options: Options): JsonObject => {
  const paths = options.texts('dataset_paths') ?? []
  const path = options.text('dataset_path')
  const given = {
    pipeline_job_id: options.text('pipeline_job_id'),
    pipeline_job_resource_name: options.text('pipeline_job_resource_name'),
    evaluation_dataset_type: options.text('dataset_type'),
    evaluation_dataset_path: paths.length > 0 ? paths : path === undefined ? undefined : [path],
  }
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ) as JsonObject
}

interface Slice {
  readonly dimension: string
  readonly value: string
  readonly metrics: Json
}

/** The slices of the file, the whole first. */
const readSlices = async (uri: string, problem: Problem, addresses: Addresses): Promise<readonly Slice[]> => {
  let content: unknown
  try {
    content = JSON.parse(await readFile(addresses.resolve(uri), 'utf8'))
  } catch (cause) {
    throw unreadable(uri, 'it is missing or no JSON', cause)
  }
  const list = isJsonObject(content) ? content['slicedMetrics'] : undefined
  if (!Array.isArray(list)) throw unreadable(uri, 'it has no slicedMetrics')
  return list.map((slice: Json): Slice => {
    const metrics = isJsonObject(slice) && isJsonObject(slice['metrics']) ? slice['metrics'][problem] : undefined
    if (!isJsonObject(slice) || metrics === undefined) throw unreadable(uri, `a slice of it has no ${problem} metrics`)
    const spec = isJsonObject(slice['singleOutputSlicingSpec']) ? slice['singleOutputSlicingSpec'] : {}
    return { dimension: String(spec['dimension'] ?? 'annotationSpec'), value: String(spec['value'] ?? ''), metrics }
  })
}

const unreadable = (uri: string, why: string, cause?: unknown): Fault =>
  new Fault('artifact_missing', `${component}: the metrics at ${uri} cannot be read: ${why}`, {
    remedy: 'Give it evaluation_metrics of a model evaluation.',
    cause,
  })
