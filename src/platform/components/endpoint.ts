import type { JsonObject } from '../../domain/json.ts'
import type { Message } from '../services.ts'
import { badArgument } from './arguments.ts'
import type { ComponentCall, ComponentPlatform, NativeComponent } from './component.ts'
import { launcher } from './launcher.ts'
import { gcpResources, labelsOf, resourceArtifact, taskOutputs } from './outputs.ts'

/** Creates an endpoint that serves nothing yet. */
export const createEndpoint: NativeComponent = async (call, { services }, signal) => {
  const { parent, payload } = launcher('EndpointCreateOp', call, [
    'display_name',
    'description',
    'labels',
    { name: 'network', note: 'endpoints of this machine listen on loopback' },
  ])
  const endpoint = {
    displayName: payload['display_name'],
    ...(payload['description'] === undefined ? {} : { description: payload['description'] }),
    labels: labelsOf(call, payload['labels']),
  }
  const operation = await services.call('EndpointService', 'createEndpoint', { parent, endpoint }, signal)
  const name = String((await services.finish(operation, signal))['name'])
  call.log(`Endpoint ${name}`)
  return taskOutputs(
    call,
    { endpoint: resourceArtifact(call, 'endpoint', name) },
    gcpResources('VertexLro', operation['name']),
  )
}

export const deleteEndpoint: NativeComponent = async (call, { services }, signal) => {
  const { payload } = launcher('EndpointDeleteOp', call, ['endpoint'])
  const name = endpointName('EndpointDeleteOp', payload)
  const operation = await services.call('EndpointService', 'deleteEndpoint', { name }, signal)
  await services.finish(operation, signal)
  call.log(`Deleted ${name}`)
  return taskOutputs(call, {}, gcpResources('VertexLro', operation['name']))
}

/** Deploys a model to an endpoint; the traffic split, if given, replaces the endpoint's ("0" is the new model). */
export const deployModel: NativeComponent = async (call, platform, signal) => {
  const note = 'models of this machine are served by the platform itself'
  const { payload } = launcher('ModelDeployOp', call, [
    'endpoint',
    'traffic_split',
    'deployed_model',
    'deployed_model.model',
    'deployed_model.display_name',
    { name: 'deployed_model.dedicated_resources', note },
    { name: 'deployed_model.automatic_resources', note },
    { name: 'deployed_model.service_account', note },
    { name: 'deployed_model.disable_container_logging', note },
    { name: 'deployed_model.enable_access_logging', note },
  ])
  const endpoint = endpointName('ModelDeployOp', payload)
  const deployed = (payload['deployed_model'] ?? {}) as JsonObject
  const trafficSplit = splitOf('ModelDeployOp', payload['traffic_split'] as JsonObject | undefined)
  const dedicated = deployed['dedicated_resources'] as JsonObject | undefined
  const automatic = deployed['automatic_resources'] as JsonObject | undefined
  const deployedModel: Message = {
    model: deployed['model'],
    ...(deployed['display_name'] === undefined ? {} : { displayName: deployed['display_name'] }),
    ...(dedicated === undefined ? {} : { dedicatedResources: dedicatedOf(dedicated) }),
    ...(automatic === undefined || dedicated !== undefined ? {} : { automaticResources: replicasOf(automatic) }),
  }
  if (deployed['model'] === undefined)
    throw badArgument('ModelDeployOp', 'model', 'has no resourceName', 'Give it the model of a step before.')
  const split = await orAllOfAnEmptyEndpoint(trafficSplit, endpoint, call, platform, signal)
  return runDeployment(call, platform, signal, 'deployModel', { endpoint, deployedModel, trafficSplit: split })
}

/**
 * A pipeline that deploys to a new endpoint and says nothing of traffic means it to serve, as `Model.deploy` of the
 * Vertex SDK understands it; the bare API would leave an endpoint that answers nobody.
 */
const orAllOfAnEmptyEndpoint = async (
  split: Record<string, number>,
  name: string,
  call: ComponentCall,
  { services }: ComponentPlatform,
  signal: AbortSignal,
): Promise<Record<string, number>> => {
  if (Object.keys(split).length > 0) return split
  const { deployedModels } = await services.call('EndpointService', 'getEndpoint', { name }, signal)
  if (Array.isArray(deployedModels) && deployedModels.length > 0) return split
  call.log('No traffic_split was given and nothing else is deployed there: the model gets all traffic')
  return { '0': 100 }
}

/** Takes a model off an endpoint: the version named, or whichever version of it is deployed. */
export const undeployModel: NativeComponent = async (call, platform, signal) => {
  const { payload } = launcher('ModelUndeployOp', call, ['endpoint', 'model', 'traffic_split'])
  const name = endpointName('ModelUndeployOp', payload)
  const [model, version] = String(payload['model'] ?? '').split('@')
  const endpoint = await platform.services.call('EndpointService', 'getEndpoint', { name }, signal)
  const deployed = ((endpoint['deployedModels'] ?? []) as readonly JsonObject[]).find((each) => {
    const [deployedModel, deployedVersion = each['modelVersionId']] = String(each['model']).split('@')
    return deployedModel === model && (version === undefined || version === String(deployedVersion))
  })
  if (deployed === undefined)
    throw badArgument('ModelUndeployOp', 'model', `is not deployed on ${name}`, 'Name a model that is.')
  const trafficSplit = splitOf('ModelUndeployOp', payload['traffic_split'] as JsonObject | undefined)
  return runDeployment(call, platform, signal, 'undeployModel', {
    endpoint: name,
    deployedModelId: deployed['id'],
    trafficSplit,
  })
}

const runDeployment = async (
  call: ComponentCall,
  { services }: ComponentPlatform,
  signal: AbortSignal,
  method: 'deployModel' | 'undeployModel',
  request: Message,
) => {
  const operation = await services.call('EndpointService', method, request, signal)
  await services.finish(operation, signal)
  call.log(`${method === 'deployModel' ? 'Deployed to' : 'Undeployed from'} ${String(request['endpoint'])}`)
  return taskOutputs(call, {}, gcpResources('VertexLro', operation['name']))
}

const endpointName = (component: string, payload: JsonObject): string => {
  const name = payload['endpoint']
  if (typeof name === 'string' && /^projects\/[^/]+\/locations\/[^/]+\/endpoints\/[^/]+$/.test(name)) return name
  const why = `is ${JSON.stringify(name ?? '')}, not the name of an endpoint`
  throw badArgument(component, 'endpoint', why, 'Give it the endpoint of a step before.')
}

/** Percentages may come as texts, since the argument is declared as a map of texts. */
const splitOf = (component: string, split: JsonObject | undefined): Record<string, number> =>
  Object.fromEntries(
    Object.entries(split ?? {}).map(([id, share]) => {
      const percent = Number(share)
      if (Number.isInteger(percent) && percent >= 0 && percent <= 100) return [id, percent]
      const why = `gives ${id} the share ${JSON.stringify(share)}`
      throw badArgument(component, 'traffic_split', why, 'Shares are whole percentages that sum to 100.')
    }),
  )

const dedicatedOf = (given: JsonObject): Message => {
  const machine = (given['machine_spec'] ?? {}) as JsonObject
  return {
    machineSpec: {
      ...(machine['machine_type'] === undefined ? {} : { machineType: machine['machine_type'] }),
      ...(machine['accelerator_type'] === undefined ? {} : { acceleratorType: machine['accelerator_type'] }),
      ...(machine['accelerator_count'] === undefined ? {} : { acceleratorCount: machine['accelerator_count'] }),
    },
    ...replicasOf(given),
  }
}

const replicasOf = (given: JsonObject): Message => ({
  ...(given['min_replica_count'] === undefined ? {} : { minReplicaCount: given['min_replica_count'] }),
  ...(given['max_replica_count'] === undefined ? {} : { maxReplicaCount: given['max_replica_count'] }),
})
