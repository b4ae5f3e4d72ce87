import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import type { Message } from '../services.ts'
import { badArgument, readCommandLine, readOptions } from './arguments.ts'
import type { NativeComponent } from './component.ts'
import { launcher } from './launcher.ts'
import { gcpResources, labelsOf, resourceArtifact, taskOutputs } from './outputs.ts'

/** Registers a model, or a version of `parent_model`, from the files of an UnmanagedContainerModel. */
export const uploadModel: NativeComponent = async (call, { services }, signal) => {
  const { parent, payload, options } = launcher('ModelUploadOp', call, [
    'display_name',
    'description',
    'version_aliases',
    'labels',
    'pipeline_job',
  ])
  const unmanaged = call.task.inputs.artifacts['unmanaged_container_model']?.[0]
  const { containerSpec, predictSchemata } = unmanaged?.metadata ?? {}
  const model: Message = {
    displayName: payload['display_name'],
    ...(payload['description'] === undefined ? {} : { description: payload['description'] }),
    ...(payload['version_aliases'] === undefined ? {} : { versionAliases: payload['version_aliases'] }),
    labels: labelsOf(call, payload['labels']),
    pipelineJob: call.job.resourceName,
    ...(unmanaged === undefined ? {} : { artifactUri: unmanaged.uri }),
    ...(isJsonObject(containerSpec) ? { containerSpec } : {}),
    ...(isJsonObject(predictSchemata) ? { predictSchemata } : {}),
  }
  const parentModel = options.text('parent_model_name')?.split('@')[0]
  const request = { parent, model, ...(parentModel === undefined ? {} : { parentModel }) }
  const operation = await services.call('ModelService', 'uploadModel', request, signal)
  const uploaded = await services.finish(operation, signal)
  const name = `${String(uploaded['model'])}@${String(uploaded['modelVersionId'])}`
  call.log(`Model ${name}`)
  return taskOutputs(
    call,
    { model: resourceArtifact(call, 'model', name) },
    gcpResources('VertexLro', operation['name']),
  )
}

/** Deletes a model with all its versions, as the service does. */
export const deleteModel: NativeComponent = async (call, { services }, signal) => {
  const { payload } = launcher('ModelDeleteOp', call, ['model'])
  const name = String(payload['model'] ?? '').split('@')[0]
  const operation = await services.call('ModelService', 'deleteModel', { name }, signal)
  await services.finish(operation, signal)
  call.log(`Deleted ${name}`)
  return taskOutputs(call, {}, gcpResources('VertexLro', operation['name']))
}

/** The model artifact of a registered model: by id, `id@version` or `id@alias`. */
export const getModel: NativeComponent = async (call, { services }, signal) => {
  const known = ['project', 'location', 'model_name', 'executor_input']
  const options = readOptions('ModelGetOp', readCommandLine(call.args)?.options ?? {}, known)
  const given = options.requiredText('model_name')
  if (given.includes('/'))
    throw badArgument('ModelGetOp', 'model_name', `is ${given}, not an id`, 'Write ID, ID@VERSION or ID@ALIAS.')
  const place = `projects/${options.requiredText('project')}/locations/${options.requiredText('location')}`
  const model: JsonObject = await services.call(
    'ModelService',
    'getModel',
    { name: `${place}/models/${given}` },
    signal,
  )
  const name = `${String(model['name']).split('@')[0]}@${String(model['versionId'])}`
  return taskOutputs(call, { model: resourceArtifact(call, 'model', name) })
}

/** The model artifact of a resource name, as the evaluation pipelines ask for it. */
export const getVertexModel: NativeComponent = async (call, { services }, signal) => {
  const known = ['model_name', 'model_version', 'gcp_resources', 'executor_input']
  const options = readOptions('GetVertexModelOp', readCommandLine(call.args)?.options ?? {}, known)
  const given = options.requiredText('model_name')
  const version = options.text('model_version')
  const asked = version === undefined ? given : `${given.split('@')[0]}@${version}`
  const model = await services.call('ModelService', 'getModel', { name: asked }, signal)
  const name = `${String(model['name']).split('@')[0]}@${String(model['versionId'])}`
  return taskOutputs(call, { model: resourceArtifact(call, 'model', name) }, gcpResources('Model', name))
}
