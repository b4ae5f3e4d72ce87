import { evaluationScript } from './arguments.ts'
import { trainAutoMlTabular } from './automl-train.ts'
import { batchPredict } from './batch-predict.ts'
import { queryBigquery } from './bigquery-query.ts'
import type { NativeComponent } from './component.ts'
import { runCustomJob } from './custom-job.ts'
import { removeTarget, sampleInstances } from './data-split.ts'
import { createTabularDataset } from './dataset-create.ts'
import { getVertexDataset } from './dataset-get.ts'
import { createEndpoint, deleteEndpoint, deployModel, undeployModel } from './endpoint.ts'
import { evaluateClassification, evaluateRegression } from './evaluation.ts'
import { importEvaluation } from './evaluation-import.ts'
import { deleteModel, getModel, getVertexModel, uploadModel } from './model.ts'
import { findVolumeComponent } from './volume-claim.ts'

const root = 'google_cloud_pipeline_components.container'

/** Classes and methods that `aiplatform.remote_runner` starts. */
const methods: Readonly<Record<string, NativeComponent>> = {
  'TabularDataset.create': createTabularDataset,
  'AutoMLTabularTrainingJob.run': trainAutoMlTabular,
}

/** Launchers by their module and the `--type` that they are given, where they are given one. */
const launchers: Readonly<Record<string, readonly [type: string | undefined, component: NativeComponent]>> = {
  'v1.endpoint.create_endpoint.launcher': ['CreateEndpoint', createEndpoint],
  'v1.endpoint.delete_endpoint.launcher': ['DeleteEndpoint', deleteEndpoint],
  'v1.endpoint.deploy_model.launcher': ['DeployModel', deployModel],
  'v1.endpoint.undeploy_model.launcher': ['UndeployModel', undeployModel],
  'v1.model.upload_model.launcher': ['UploadModel', uploadModel],
  'v1.model.delete_model.launcher': ['DeleteModel', deleteModel],
  'v1.model.get_model.launcher': [undefined, getModel],
  'v1.batch_prediction_job.launcher': ['BatchPredictionJob', batchPredict],
  'v1.custom_job.launcher': ['CustomJob', runCustomJob],
  'v1.bigquery.query_job.launcher': ['BigqueryQueryJob', queryBigquery],
  '_implementation.model.get_model.get_model': [undefined, getVertexModel],
  '_implementation.model_evaluation.import_model_evaluation': [undefined, importEvaluation],
}

/** What the image of model evaluation does, by its `--task` or its `--problem_type`. */
const evaluations: Readonly<Record<string, NativeComponent>> = {
  classification: evaluateClassification,
  regression: evaluateRegression,
  data_splitter: removeTarget,
  data_sampler: sampleInstances,
}

/**
 * The native form of a prebuilt component, told by what its container starts (placeholders may be unresolved).
 * The image is no criterion: it is pinned by digest or copied into other registries. Only a stub without a command is
 * told by it.
 */
export const findNativeComponent = (
  image: string,
  command: readonly string[],
  args: readonly string[],
): NativeComponent | undefined => {
  if (command.length === 0) return findVolumeComponent(image)
  const words = [...command, ...args]
  const after = (name: string): string | undefined => {
    const at = words.indexOf(name)
    return at < 0 ? undefined : words[at + 1]
  }
  // The script's name alone could be anybody's.
  if (words[1] === evaluationScript && words.includes('--dataflow_job_prefix'))
    return evaluations[after('--task') ?? after('--problem_type') ?? '']
  if (words.some((word) => word.includes('def get_vertex_dataset(executor_input_json'))) return getVertexDataset
  const module = after('-m')
  if (module === undefined || !module.startsWith(`${root}.`)) return undefined
  const name = module.slice(root.length + 1)
  if (name === 'v1.aiplatform.remote_runner') return methods[`${after('--cls_name')}.${after('--method_name')}`]
  const [type, component] = launchers[name] ?? []
  return type === undefined || after('--type') === type ? component : undefined
}
