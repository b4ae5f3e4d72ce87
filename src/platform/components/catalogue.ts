import { trainAutoMlTabular } from './automl-train.ts'
import { batchPredict } from './batch-predict.ts'
import type { NativeComponent } from './component.ts'
import { createTabularDataset } from './dataset-create.ts'
import { createEndpoint, deleteEndpoint, deployModel, undeployModel } from './endpoint.ts'
import { deleteModel, getModel, uploadModel } from './model.ts'

const root = 'google_cloud_pipeline_components.container.v1'

/** Classes and methods that `aiplatform.remote_runner` starts. */
const methods: Readonly<Record<string, NativeComponent>> = {
  'TabularDataset.create': createTabularDataset,
  'AutoMLTabularTrainingJob.run': trainAutoMlTabular,
}

/** Launchers by their module and the `--type` that they are given (getting a model has none). */
const launchers: Readonly<Record<string, readonly [type: string | undefined, component: NativeComponent]>> = {
  'endpoint.create_endpoint.launcher': ['CreateEndpoint', createEndpoint],
  'endpoint.delete_endpoint.launcher': ['DeleteEndpoint', deleteEndpoint],
  'endpoint.deploy_model.launcher': ['DeployModel', deployModel],
  'endpoint.undeploy_model.launcher': ['UndeployModel', undeployModel],
  'model.upload_model.launcher': ['UploadModel', uploadModel],
  'model.delete_model.launcher': ['DeleteModel', deleteModel],
  'model.get_model.launcher': [undefined, getModel],
  'batch_prediction_job.launcher': ['BatchPredictionJob', batchPredict],
}

/**
 * The native form of a prebuilt component, told by what its container starts (placeholders may be unresolved).
 * The image is no criterion: it is pinned by digest or copied into other registries.
 */
export const findNativeComponent = (
  _image: string,
  command: readonly string[],
  args: readonly string[],
): NativeComponent | undefined => {
  const words = [...command, ...args]
  const after = (name: string): string | undefined => {
    const at = words.indexOf(name)
    return at < 0 ? undefined : words[at + 1]
  }
  const module = after('-m')
  if (module === undefined || !module.startsWith(`${root}.`)) return undefined
  const name = module.slice(root.length + 1)
  if (name === 'aiplatform.remote_runner') return methods[`${after('--cls_name')}.${after('--method_name')}`]
  const [type, component] = launchers[name] ?? []
  return type === undefined || after('--type') === type ? component : undefined
}
