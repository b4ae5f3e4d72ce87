import type { Deployments } from '../deployments.ts'
import { deploymentsOf, findVersion, type ModelRecord } from '../model-records.ts'
import { newId } from '../names.ts'
import type { Operations } from '../operations.ts'
import type { Collection } from '../records.ts'
import { type DeployedModel, type Endpoint, timestampOf } from '../resources.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { maskedFields, merged } from './field-mask.ts'
import { findEndpoint } from './find-endpoint.ts'
import { chosenId, messageIn, requiredText } from './request.ts'
import { checkSplit, splitOf, type TrafficSplit } from './traffic.ts'

export interface DeploymentPorts {
  readonly endpoints: Collection<Endpoint>
  readonly models: Collection<ModelRecord>
  readonly deployments: Deployments
  readonly operations: Operations
  readonly now: () => number
}

/** The key by which a split means the model that is just being deployed. */
const thisModel = '0'

const changeable = [
  ...['dedicatedResources', 'automaticResources', 'disableContainerLogging', 'enableAccessLogging'],
  ...['explanationSpec', 'disableExplanations', 'serviceAccount', 'displayName'],
]

/** deployModel, undeployModel and mutateDeployedModel. */
export const createDeploymentHandlers = ({ endpoints, models, deployments, operations, now }: DeploymentPorts) => {
  const change = async (name: string, alter: (endpoint: Endpoint) => Endpoint): Promise<Endpoint> => {
    const changed = await endpoints.update(name, (endpoint) => ({ ...alter(endpoint), updateTime: timestampOf(now()) }))
    if (changed) return changed
    throw statusError('NOT_FOUND', `The endpoint ${name} was deleted in the meantime`)
  }

  const deploy = operations.define('deployModel', {
    metadata: 'google.cloud.aiplatform.v1.DeployModelOperationMetadata',
    response: 'google.cloud.aiplatform.v1.DeployModelResponse',
    run: async (plan, { signal }) => {
      const name = plan.endpoint as string
      const deployedModel = plan.deployedModel as DeployedModel
      const { id, model, modelVersionId } = deployedModel
      if (findEndpoint(endpoints, name).deployedModels.some((other) => other.id === id)) return { deployedModel }
      await deployments.load(model, modelVersionId)
      const split = plan.trafficSplit as TrafficSplit
      try {
        signal.throwIfAborted()
        // Only now, as it answers, may it get traffic; and with its traffic in the same step.
        await change(name, (endpoint) => withDeployed(endpoint, deployedModel, split))
      } catch (error) {
        await unloadUnused(model, modelVersionId)
        throw error
      }
      return { deployedModel }
    },
  })

  const undeploy = operations.define('undeployModel', {
    metadata: 'google.cloud.aiplatform.v1.UndeployModelOperationMetadata',
    response: 'google.cloud.aiplatform.v1.UndeployModelResponse',
    run: async (plan) => {
      const [name, id] = [plan.endpoint as string, plan.deployedModelId as string]
      const gone = findEndpoint(endpoints, name).deployedModels.find((deployed) => deployed.id === id)
      if (!gone) return {}
      await change(name, (endpoint) => withoutDeployed(endpoint, id, plan.trafficSplit as TrafficSplit))
      await unloadUnused(gone.model, gone.modelVersionId)
      return {}
    },
  })

  const unloadUnused = async (model: string, version: string): Promise<void> => {
    if (deploymentsOf(endpoints, model, version).length === 0) await deployments.unload(model, version)
  }

  const mutate = operations.define('mutateDeployedModel', {
    metadata: 'google.cloud.aiplatform.v1.MutateDeployedModelOperationMetadata',
    response: 'google.cloud.aiplatform.v1.MutateDeployedModelResponse',
    run: async (plan) => {
      const given = plan.deployedModel as Message
      const changed = await change(plan.endpoint as string, (endpoint) => ({
        ...endpoint,
        deployedModels: endpoint.deployedModels.map((deployed) =>
          deployed.id === given.id ? merged(deployed, given, plan.fields as readonly string[]) : deployed,
        ),
      }))
      return { deployedModel: deployedIn(changed, String(given.id)) }
    },
  })

  return {
    deployModel: async (request) => {
      const endpoint = findEndpoint(endpoints, request.endpoint)
      const given = messageIn(request, 'deployedModel')
      requiredText(given, 'model', 'deployed_model.model')
      const version = findVersion(models, given.model)
      const chosen = chosenId(given, 'id', /^[0-9]{1,10}$/, '1 to 10 digits')
      const taken = (id: string) => endpoint.deployedModels.some((deployed) => deployed.id === id)
      const id = chosen ?? newId(taken)
      if (taken(id)) throw statusError('ALREADY_EXISTS', `${endpoint.name} has a deployed model ${id} already`)
      const split = splitOf(request.trafficSplit)
      const deployedModel: DeployedModel = {
        ...given,
        id,
        model: version.name,
        modelVersionId: version.versionId,
        displayName: String(given.displayName || version.displayName || id),
        createTime: timestampOf(now()),
      }
      const renamed = Object.fromEntries(
        Object.entries(split).map(([key, percent]) => [key === thisModel ? id : key, percent]),
      )
      withDeployed(endpoint, deployedModel, renamed)
      return deploy(endpoint.name, { endpoint: endpoint.name, deployedModel, trafficSplit: renamed })
    },
    undeployModel: async (request) => {
      const endpoint = findEndpoint(endpoints, request.endpoint)
      const { id } = deployedIn(endpoint, requiredText(request, 'deployedModelId'))
      const split = splitOf(request.trafficSplit)
      withoutDeployed(endpoint, id, split)
      return undeploy(endpoint.name, { endpoint: endpoint.name, deployedModelId: id, trafficSplit: split })
    },
    mutateDeployedModel: async (request) => {
      const endpoint = findEndpoint(endpoints, request.endpoint)
      const given = messageIn(request, 'deployedModel')
      deployedIn(endpoint, String(given.id ?? ''))
      const fields = maskedFields(request.updateMask, changeable)
      return mutate(endpoint.name, { endpoint: endpoint.name, deployedModel: given, fields })
    },
  } satisfies Record<string, Handler>
}

/** An empty split leaves the endpoint's as it is; any other one replaces the whole of it. */
const withDeployed = (endpoint: Endpoint, deployed: DeployedModel, split: TrafficSplit): Endpoint => {
  const changed = { ...endpoint, deployedModels: [...endpoint.deployedModels, deployed] }
  return Object.keys(split).length === 0 ? changed : { ...changed, trafficSplit: checkSplit(changed, split) }
}

const withoutDeployed = (endpoint: Endpoint, id: string, split: TrafficSplit): Endpoint => {
  const left = { ...endpoint, deployedModels: endpoint.deployedModels.filter((deployed) => deployed.id !== id) }
  if (left.deployedModels.length === 0) return { ...left, trafficSplit: {} }
  if (Object.keys(split).length > 0) {
    if ((split[id] ?? 0) > 0)
      throw statusError('INVALID_ARGUMENT', `traffic_split gives traffic to ${id}, which is to be undeployed`)
    const { [id]: _, ...others } = split
    return { ...left, trafficSplit: checkSplit(left, others) }
  }
  const { [id]: percent = 0, ...others } = endpoint.trafficSplit
  if (percent > 0)
    throw statusError(
      'FAILED_PRECONDITION',
      `${id} has ${percent} % of the traffic of ${endpoint.name}: move it to another deployed model first`,
    )
  return { ...left, trafficSplit: others }
}

const deployedIn = (endpoint: Endpoint, id: string): DeployedModel => {
  const found = endpoint.deployedModels.find((deployed) => deployed.id === id)
  if (found) return found
  throw statusError('NOT_FOUND', `${endpoint.name} has no deployed model ${JSON.stringify(id)}`)
}
