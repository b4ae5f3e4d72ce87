import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '../../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { Message, PlatformServices } from '../services.ts'
import { badArgument } from './arguments.ts'
import type { NativeComponent } from './component.ts'
import { launcher } from './launcher.ts'
import { artifactAt, gcpResources, labelsOf, resourceArtifact, tableArtifact, taskOutputs } from './outputs.ts'
import { tableAddress } from './tables.ts'

const component = 'ModelBatchPredictOp'
const pollMs = 200
const note = 'batches of this machine run in the platform itself'

/** Predicts files of instances with a registered model and waits for the job. Abort cancels the job. */
export const batchPredict: NativeComponent = async (call, { services }, signal) => {
  const { parent, payload } = launcher(component, call, [
    'display_name',
    'model',
    'input_config.instances_format',
    'input_config.gcs_source',
    'input_config.bigquery_source',
    'output_config.predictions_format',
    'output_config.gcs_destination',
    'output_config.bigquery_destination',
    'instance_config.instance_type',
    'instance_config.key_field',
    'instance_config.included_fields',
    'instance_config.excluded_fields',
    'labels',
    { name: 'dedicated_resources', note },
    { name: 'service_account', note },
    { name: 'manual_batch_tuning_parameters', note },
  ])
  if (payload['model'] === undefined)
    throw badArgument(component, 'model', 'is missing', 'Give it a model: unmanaged containers are not run here.')
  const batchPredictionJob: Message = {
    displayName: payload['display_name'],
    model: payload['model'],
    inputConfig: inputOf(payload),
    outputConfig: outputOf(payload),
    instanceConfig: instancesOf(payload),
    labels: labelsOf(call, payload['labels']),
  }
  const created = await services.call('JobService', 'createBatchPredictionJob', { parent, batchPredictionJob }, signal)
  const name = String(created['name'])
  call.log(`Batch prediction job ${name}`)
  const job = await finished(services, name, signal)
  const stats = job['completionStats']
  const directory = member(job['outputInfo'], 'gcsOutputDirectory')
  const dataset = member(job['outputInfo'], 'bigqueryOutputDataset')
  const table = dataset === undefined ? undefined : `${dataset}.${member(job['outputInfo'], 'bigqueryOutputTable')}`
  call.log(
    `${member(stats, 'successfulCount') ?? 0} instances predicted, ${member(stats, 'failedCount') ?? 0} refused: ${directory ?? table}`,
  )
  const metadata = {
    gcsOutputDirectory: directory ?? '',
    bigqueryOutputDataset: dataset ?? '',
    bigqueryOutputTable: member(job['outputInfo'], 'bigqueryOutputTable') ?? '',
  }
  return taskOutputs(
    call,
    {
      batchpredictionjob: resourceArtifact(call, 'batchpredictionjob', name, metadata),
      ...(typeof directory === 'string'
        ? { gcs_output_directory: artifactAt(call, 'gcs_output_directory', directory) }
        : {}),
      ...(table === undefined ? {} : { bigquery_output_table: tableArtifact(call, 'bigquery_output_table', table) }),
    },
    gcpResources('BatchPredictionJob', name),
  )
}

const finished = async (services: PlatformServices, name: string, signal: AbortSignal): Promise<JsonObject> => {
  for (;;) {
    if (signal.aborted) {
      await services.call('JobService', 'cancelBatchPredictionJob', { name })
      signal.throwIfAborted()
    }
    const job = await services.call('JobService', 'getBatchPredictionJob', { name })
    if (job['state'] === 'JOB_STATE_SUCCEEDED') return job
    if (job['state'] === 'JOB_STATE_FAILED' || job['state'] === 'JOB_STATE_CANCELLED')
      throw new Fault('task_failed', `The batch prediction job ${name} ended as ${job['state']}`, {
        remedy: 'Correct what its error names.',
        details: [String(member(job['error'], 'message') ?? 'It gives no reason.')],
      })
    await delay(pollMs, undefined, { signal }).catch(() => undefined)
  }
}

const inputOf = (payload: JsonObject): Message => {
  const given = payload['input_config']
  const table = member(member(given, 'bigquery_source'), 'input_uri')
  const uris = member(member(given, 'gcs_source'), 'uris')
  return {
    instancesFormat: member(given, 'instances_format'),
    ...(uris === undefined ? {} : { gcsSource: { uris } }),
    ...(table === undefined ? {} : { bigquerySource: { inputUri: tableAddress(String(table)) } }),
  }
}

const outputOf = (payload: JsonObject): Message => {
  const given = payload['output_config']
  const outputUriPrefix = member(member(given, 'gcs_destination'), 'output_uri_prefix')
  const table = member(member(given, 'bigquery_destination'), 'output_uri')
  return {
    predictionsFormat: member(given, 'predictions_format'),
    ...(outputUriPrefix === undefined ? {} : { gcsDestination: { outputUriPrefix } }),
    ...(table === undefined ? {} : { bigqueryDestination: { outputUri: tableAddress(String(table)) } }),
  }
}

const instancesOf = (payload: JsonObject): Message => {
  const given = payload['instance_config']
  const fields = {
    instanceType: member(given, 'instance_type'),
    keyField: member(given, 'key_field'),
    includedFields: member(given, 'included_fields'),
    excludedFields: member(given, 'excluded_fields'),
  }
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

const member = (value: Json | undefined, name: string): Json | undefined =>
  isJsonObject(value) ? value[name] : undefined
