import { access, copyFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Addresses } from '../addresses.ts'
import { sourcesOf } from '../api/dataset-service.ts'
import { train } from '../automl/train.ts'
import { metricsSchemaUris, type TrainingRequest, type TrainingResult } from '../automl/training.ts'
import type { Message } from '../services.ts'
import { badArgument, type Options, readCommandLine } from './arguments.ts'
import { component, readAutoMlOptions, readTrainingArguments } from './automl-arguments.ts'
import type { ComponentCall, ComponentPlatform, NativeComponent } from './component.ts'
import { labelsOf, resourceArtifact, taskOutputs } from './outputs.ts'
import { textFiles } from './text-files.ts'

/** The same data and arguments make the same model. */
const seed = 1

/** Trains a tabular model on this machine, registers it, and imports its evaluation with a slice for each class. */
export const trainAutoMlTabular: NativeComponent = async (call, platform, signal) => {
  const { addresses, environments } = platform
  const options = readAutoMlOptions(readCommandLine(call.args)?.options ?? {})
  const asked = readTrainingArguments(options)
  const destination = await exportTarget(options, addresses)
  const files = await textFiles(await datasetFiles(options, call, platform, signal), call, environments, signal)
  const uri = call.outputUris['model']
  const modelFolder = uri === undefined ? join(call.folder, 'model') : addresses.resolve(uri)
  const request = { ...asked, files, seed, modelFolder, evaluationFolder: `${modelFolder}-evaluation` }
  const result = await train(request, { environments, folder: call.folder, log: call.log }, signal)
  if (destination !== undefined) {
    await mkdir(dirname(destination), { recursive: true })
    await copyFile(result.predictionsFile, destination)
  }
  call.log(`Predictions of the test rows: ${destination ?? result.predictionsFile}`)
  const model = await register(options, call, platform, addresses.uriOf(modelFolder), result, signal)
  await importEvaluation(model, result, asked, platform, signal)
  const [name, version] = model.split('@')
  call.log(`Model ${model}: ${result.chosen.algorithm}, ${summary(result.metrics)}`)
  // The artifact names the model alone, as Vertex AI's does; which version it is stands beside.
  const metadata = { versionId: version as string }
  return taskOutputs(call, { model: resourceArtifact(call, 'model', name as string, metadata) })
}

const placeOf = (options: Options): string =>
  `projects/${options.requiredText('init.project')}/locations/${options.text('init.location') ?? 'us-central1'}`

const datasetFiles = async (
  options: Options,
  call: ComponentCall,
  { services, addresses }: ComponentPlatform,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const given = options.requiredText('method.dataset')
  const name = given.includes('/') ? given : `${placeOf(options)}/datasets/${given}`
  const dataset = await services.call('DatasetService', 'getDataset', { name }, signal)
  const uris = sourcesOf(dataset['metadata'])
  if (uris.length === 0)
    throw new Fault('training_failed', `The dataset ${name} has no source to train on`, {
      remedy: 'Create it with gcs_source or bq_source.',
    })
  const files = (await Promise.all(uris.map((uri) => addresses.files(uri)))).flat()
  for (const file of files)
    await access(file).catch((cause: unknown) => {
      throw new Fault('artifact_missing', `The dataset ${name} names ${file}, which cannot be read`, {
        remedy: 'Put the file there, or map its address to where it lies.',
        cause,
      })
    })
  call.log(`Data: ${files.join(', ')}`)
  return files
}

/** Where export_evaluated_data_items wants the test rows with their predictions, beside the file that always exists. */
const exportTarget = async (options: Options, addresses: Addresses): Promise<string | undefined> => {
  const argument = 'export_evaluated_data_items_bigquery_destination_uri'
  const uri = options.text(`method.${argument}`)
  if (!(options.flag('method.export_evaluated_data_items') ?? false) || uri === undefined) return undefined
  const path = uri.startsWith('bq://') ? addresses.tableFile(uri, '.jsonl') : addresses.resolve(uri)
  if (!/\.(jsonl|json|ndjson)$/.test(path))
    throw badArgument(component, argument, `leads to ${path}`, 'Map it to a file.jsonl: the rows are JSON Lines.')
  const override = options.flag('method.export_evaluated_data_items_override_destination') ?? false
  const taken = await access(path).then(
    () => true,
    () => false,
  )
  if (taken && !override)
    throw badArgument(component, argument, `leads to ${path}, which exists`, 'Remove it, or set the override argument.')
  return path
}

const register = async (
  options: Options,
  call: ComponentCall,
  { services }: ComponentPlatform,
  artifactUri: string,
  result: TrainingResult,
  signal: AbortSignal,
): Promise<string> => {
  const parent = placeOf(options)
  const aliases = options.texts('method.model_version_aliases') ?? []
  const isDefault = options.flag('method.is_default_version') ?? true
  const description = options.text('method.model_version_description')
  const id = options.text('method.model_id')
  const older = options.text('method.parent_model')?.split('@')[0]
  const parentModel = older === undefined || older.includes('/') ? older : `${parent}/models/${older}`
  const model: Message = {
    displayName: options.text('method.model_display_name') ?? options.requiredText('init.display_name'),
    labels: labelsOf(call, options.object('method.model_labels') ?? options.object('init.labels')),
    versionAliases: isDefault ? [...new Set(['default', ...aliases])] : aliases,
    artifactUri,
    pipelineJob: call.job.resourceName,
    modelSourceInfo: { sourceType: 'AUTOML' },
    metadata: { algorithm: result.chosen.algorithm, objective: result.objective, trainingRows: result.rows.training },
    ...(description === undefined ? {} : { versionDescription: description }),
  }
  const operation = await services.call(
    'ModelService',
    'uploadModel',
    {
      parent,
      model,
      ...(id === undefined ? {} : { modelId: id }),
      ...(parentModel === undefined ? {} : { parentModel }),
    },
    signal,
  )
  const uploaded = await services.finish(operation, signal)
  return `${String(uploaded['model'])}@${String(uploaded['modelVersionId'])}`
}

const importEvaluation = async (
  parent: string,
  result: TrainingResult,
  { predictionType, target }: Pick<TrainingRequest, 'predictionType' | 'target'>,
  { services, addresses }: ComponentPlatform,
  signal: AbortSignal,
): Promise<void> => {
  const metricsSchemaUri = metricsSchemaUris[predictionType]
  const evaluation = await services.call(
    'ModelService',
    'importModelEvaluation',
    {
      parent,
      modelEvaluation: {
        displayName: 'test rows',
        metricsSchemaUri,
        metrics: result.metrics,
        sliceDimensions: result.slices.length === 0 ? [] : ['annotationSpec'],
        metadata: {
          testPredictionsUri: addresses.uriOf(result.predictionsFile),
          testDataUri: addresses.uriOf(result.testRowsFile),
          trainingDataUri: addresses.uriOf(result.trainingRowsFile),
          targetColumn: target,
          rows: result.rows,
          search: result.search,
          chosen: result.chosen,
          parity: result.parity,
        },
      },
    },
    signal,
  )
  if (result.slices.length === 0) return
  const modelEvaluationSlices = result.slices.map(({ value, metrics }) => ({
    slice: { dimension: 'annotationSpec', value },
    metricsSchemaUri,
    metrics,
  }))
  const request = { parent: evaluation['name'], modelEvaluationSlices }
  await services.call('ModelService', 'batchImportModelEvaluationSlices', request, signal)
}

const summary = (metrics: JsonObject): string =>
  Object.entries(metrics)
    .flatMap(([name, value]) => (typeof value === 'number' ? [`${name} ${value.toFixed(4)}`] : []))
    .join(', ')
