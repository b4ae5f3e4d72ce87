import type { Message } from '../services.ts'
import { badArgument, readCommandLine, readOptions } from './arguments.ts'
import type { NativeComponent } from './component.ts'
import { labelsOf, resourceArtifact, taskOutputs } from './outputs.ts'

const component = 'TabularDatasetCreateOp'
const known = [
  'cls_name',
  'method_name',
  'method.project',
  'method.location',
  'method.display_name',
  'method.gcs_source',
  'method.bq_source',
  'method.labels',
  'executor_input',
  'resource_name_output_artifact_uri',
]
const refused = { 'method.encryption_spec_key_name': 'is not carried out: nothing is encrypted on this machine' }
const metadataSchemaUri = 'gs://google-cloud-aiplatform/schema/dataset/metadata/tabular_1.0.0.yaml'

/** A dataset over tables that lie behind gs:// or bq:// addresses; the platform checks that they are there. */
export const createTabularDataset: NativeComponent = async (call, { services }, signal) => {
  const options = readOptions(component, readCommandLine(call.args)?.options ?? {}, known, refused)
  const files = options.text('method.gcs_source')
  const table = options.text('method.bq_source')
  if (files !== undefined && table !== undefined)
    throw badArgument(component, 'bq_source', 'stands beside gcs_source', 'Give one of the two.')
  const inputConfig: Message =
    table !== undefined
      ? { bigquerySource: { uri: table } }
      : files !== undefined
        ? { gcsSource: { uri: files.startsWith('[') ? (options.texts('method.gcs_source') ?? []) : [files] } }
        : {}
  const project = options.text('method.project') ?? call.job.project
  const location = options.text('method.location') ?? call.job.location
  const operation = await services.call(
    'DatasetService',
    'createDataset',
    {
      parent: `projects/${project}/locations/${location}`,
      dataset: {
        displayName: options.requiredText('method.display_name'),
        metadataSchemaUri,
        metadata: { inputConfig },
        labels: labelsOf(call, options.object('method.labels')),
      },
    },
    signal,
  )
  const dataset = await services.finish(operation, signal)
  const name = String(dataset['name'])
  call.log(`Dataset ${name} from ${table ?? files ?? 'no source'}`)
  return taskOutputs(call, { dataset: resourceArtifact(call, 'dataset', name) })
}
