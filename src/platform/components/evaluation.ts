import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { JsonObject } from '../../domain/json.ts'
import { type EvaluationResult, evaluate } from '../automl/evaluate.ts'
import { badArgument, type Options, readCommandLine, readOptions } from './arguments.ts'
import type { NativeComponent } from './component.ts'
import { artifactAt, noResources, taskOutputs } from './outputs.ts'
import { givenRecords, predictionRecords } from './records.ts'

const names = {
  classification: 'ModelEvaluationClassificationOp',
  regression: 'ModelEvaluationRegressionOp',
} as const

/** Options of the image that concern its own machinery, which is not used here. */
const machinery = [
  ...['setup_file', 'json_mode', 'project_id', 'location', 'root_dir', 'gcp_resources', 'executor_input'],
  ...['dataflow_job_prefix', 'dataflow_service_account', 'dataflow_disk_size', 'dataflow_machine_type'],
  ...['dataflow_workers_num', 'dataflow_max_workers_num', 'dataflow_subnetwork', 'dataflow_use_public_ips'],
  ...['force_runner_mode', 'output_metrics_gcs_path', 'dataset_path', 'display_name'],
]
const carriedOut = [
  ...['problem_type', 'target_field_name', 'model_name', 'classification_type', 'class_labels', 'positive_classes'],
  ...['batch_prediction_format', 'batch_prediction_gcs_source', 'batch_prediction_bigquery_source'],
  ...['ground_truth_format', 'ground_truth_gcs_source', 'ground_truth_bigquery_source'],
  ...['prediction_score_column', 'prediction_label_column', 'slicing_specs'],
]
const refused = { kms_key_name: 'is not carried out: nothing is encrypted on this machine' }

const evaluation =
  (problem: 'classification' | 'regression'): NativeComponent =>
  async (call, { addresses, environments }, signal) => {
    const component = names[problem]
    const given = readCommandLine(call.args)?.options ?? {}
    const options = readOptions(component, given, [...machinery, ...carriedOut], refused)
    refuseUnknownKinds(component, options)
    const groundTruth = await givenRecords(
      component,
      options,
      { files: 'ground_truth_gcs_source', table: 'ground_truth_bigquery_source', format: 'ground_truth_format' },
      addresses,
    )
    const scores = options.text('prediction_score_column')
    const labels = options.text('prediction_label_column')
    const classes = options.texts('class_labels') ?? []
    const positiveClasses = options.texts('positive_classes') ?? []
    const request = {
      problem,
      predictions: await predictionRecords(component, options, addresses),
      target: options.requiredText('target_field_name'),
      ...(scores === undefined ? {} : { scores }),
      ...(labels === undefined ? {} : { labels }),
      ...(classes.length === 0 ? {} : { classes }),
      ...(positiveClasses.length === 0 ? {} : { positiveClasses }),
      ...(groundTruth === undefined ? {} : { groundTruth }),
    }
    const result = await evaluate(request, { environments, folder: call.folder, log: call.log }, signal)
    const uri = call.outputUris['evaluation_metrics']
    if (uri === undefined) return taskOutputs(call, {}, noResources)
    const file = addresses.resolve(uri)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, JSON.stringify(slicedMetrics(problem, result)))
    call.log(`Metrics over ${result.rows} rows: ${file}`)
    return taskOutputs(
      call,
      { evaluation_metrics: artifactAt(call, 'evaluation_metrics', uri, result.metrics) },
      noResources,
    )
  }

/** Computes classification metrics over batch predictions and their truth. */
export const evaluateClassification = evaluation('classification')
/** Computes regression metrics over batch predictions and their truth. */
export const evaluateRegression = evaluation('regression')

const refuseUnknownKinds = (component: string, options: Options): void => {
  const kind = options.text('classification_type')
  if (kind !== undefined && kind !== 'multiclass')
    throw badArgument(component, 'classification_type', `is ${kind}, which is not judged here`, 'Use multiclass.')
  if ((options.list('slicing_specs') ?? []).length > 0)
    throw badArgument(component, 'slicing_specs', 'is not carried out on this machine', 'Leave it out.')
}

/** The file's form, in which the import of an evaluation reads it: the whole first, then one slice for each class. */
const slicedMetrics = (problem: string, { metrics, slices }: EvaluationResult): JsonObject => ({
  slicedMetrics: [
    { singleOutputSlicingSpec: {}, metrics: { [problem]: metrics } },
    ...slices.map((slice) => ({
      singleOutputSlicingSpec: { dimension: 'annotationSpec', value: slice.value },
      metrics: { [problem]: slice.metrics },
    })),
  ],
})
