import { badArgument } from './arguments.ts'
import type { NativeComponent } from './component.ts'
import { gcpResources, resourceArtifact, taskOutputs } from './outputs.ts'

/** The dataset artifact of a resource name; that there is such a dataset is looked up, where the script only believes it. */
export const getVertexDataset: NativeComponent = async (call, { services }, signal) => {
  const name = call.args[call.args.indexOf('--dataset_resource_name') + 1]
  if (name === undefined || !/^projects\/[^/]+\/locations\/[^/]+\/datasets\/[^/]+$/.test(name))
    throw badArgument(
      'GetVertexDatasetOp',
      'dataset_resource_name',
      `is ${JSON.stringify(name ?? '')}`,
      'Write projects/PROJECT/locations/LOCATION/datasets/ID.',
    )
  await services.call('DatasetService', 'getDataset', { name }, signal)
  return taskOutputs(call, { dataset: resourceArtifact(call, 'dataset', name) }, gcpResources('Dataset', name))
}
