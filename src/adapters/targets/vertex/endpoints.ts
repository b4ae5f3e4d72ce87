import { createHash } from 'node:crypto'
import type { google } from '@google-cloud/aiplatform/build/protos/protos.js'
import { isJsonObject } from '../../../domain/json.ts'
import type { DeployedModel, EndpointView, Serving } from '../../../domain/ports/serving.ts'
import { type Call, grpcCodeOf, grpcCodes, isNotFound, unlessBeingMade } from './calls.ts'
import type { Clients } from './clients.ts'
import { pending } from './models.ts'
import { quoted, resourceIdOf, splitModelName } from './names.ts'
import { fromValue, toValue } from './values.ts'

type Endpoint = google.cloud.aiplatform.v1.IEndpoint

export interface EndpointsOptions {
  /** `projects/p/locations/l` */
  readonly parent: string
  /** What serves a model that does not choose its resources itself. */
  readonly machineType: string
  readonly serviceAccount?: string
}

export const createEndpoints = (clients: Clients, call: Call, options: EndpointsOptions): Serving => {
  const { parent } = options

  const get = async (name: string, signal: AbortSignal): Promise<EndpointView | undefined> => {
    const client = await clients.endpoints()
    try {
      return viewOf(
        await call({ method: 'GetEndpoint', resource: name, kind: 'read' }, signal, (callOptions) =>
          client.getEndpoint({ name }, callOptions),
        ),
      )
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  const list = async (filter: string, signal: AbortSignal): Promise<readonly Endpoint[]> => {
    const client = await clients.endpoints()
    return call({ method: 'ListEndpoints', resource: parent, kind: 'read' }, signal, (callOptions) =>
      client.listEndpoints({ parent, filter }, callOptions),
    )
  }

  return {
    findEndpoint: async (name, signal) => {
      // The one that Winnow made goes before others of the same name; among those, the oldest.
      const own = await get(`${parent}/endpoints/${resourceIdOf(name)}`, signal)
      if (own !== undefined) return own
      const named = (await list(`display_name=${quoted(name)}`, signal)).filter((found) => found.displayName === name)
      const oldest = [...named].sort((a, b) => createdAt(a) - createdAt(b))[0]
      return oldest === undefined ? undefined : viewOf(oldest)
    },

    createEndpoint: async (name, signal) => {
      const client = await clients.endpoints()
      const endpointId = resourceIdOf(name)
      const resource = `${parent}/endpoints/${endpointId}`
      try {
        return pending(
          await call({ method: 'CreateEndpoint', resource, kind: 'act' }, signal, (callOptions) =>
            client.createEndpoint(
              { parent, endpointId, endpoint: { displayName: name, labels: { 'made-by': 'winnow' } } },
              callOptions,
            ),
          ),
        )
      } catch (error) {
        if (grpcCodeOf(error) !== grpcCodes.alreadyExists) throw error
        const found = await get(resource, signal)
        if (found === undefined) throw error
        return { done: true, result: found }
      }
    },

    endpoint: get,
    endpoints: async (signal) => (await list('', signal)).map(viewOf),

    deploy: async (endpoint, model, key, signal) => {
      const found = (await get(endpoint, signal))?.deployed.find((deployed) => deployed.displayName === key)
      if (found !== undefined) return { done: true, result: found }
      const name = `${model.model}@${model.version}`
      const resources = await resourcesFor(clients, call, name, options.machineType, signal)
      const client = await clients.endpoints()
      // An empty split leaves the endpoint's as it is, so the new model gets nothing and the others keep all.
      return pending(
        await call({ method: 'DeployModel', resource: endpoint, kind: 'act' }, signal, (callOptions) =>
          client.deployModel(
            {
              endpoint,
              deployedModel: {
                id: deployedIdOf(key),
                model: name,
                displayName: key,
                ...(options.serviceAccount === undefined ? {} : { serviceAccount: options.serviceAccount }),
                ...resources,
              },
              trafficSplit: {},
            },
            callOptions,
          ),
        ).catch((error: unknown) => {
          throw unlessBeingMade(error, `the deployment of ${name}`)
        }),
      )
    },

    split: async (endpoint, split, signal) => {
      const client = await clients.endpoints()
      const trafficSplit = Object.fromEntries(Object.entries(split).filter(([, percent]) => percent > 0))
      await call({ method: 'UpdateEndpoint', resource: endpoint, kind: 'set' }, signal, (callOptions) =>
        client.updateEndpoint(
          { endpoint: { name: endpoint, trafficSplit }, updateMask: { paths: ['traffic_split'] } },
          callOptions,
        ),
      )
    },

    undeploy: async (endpoint, deployedModel, signal) => {
      const view = await get(endpoint, signal)
      if (view === undefined || !view.deployed.some((deployed) => deployed.id === deployedModel))
        return { done: true, result: null }
      const client = await clients.endpoints()
      return pending(
        await call({ method: 'UndeployModel', resource: endpoint, kind: 'act' }, signal, (callOptions) =>
          client.undeployModel({ endpoint, deployedModelId: deployedModel, trafficSplit: {} }, callOptions),
        ),
      )
    },

    predict: async (endpoint, instances, parameters, signal) => {
      const client = await clients.predictions()
      const answer = await call({ method: 'Predict', resource: endpoint, kind: 'predict' }, signal, (callOptions) =>
        client.predict({ endpoint, instances: instances.map(toValue), parameters: toValue(parameters) }, callOptions),
      )
      return {
        predictions: (answer.predictions ?? []).map(fromValue),
        deployedModel: answer.deployedModelId ?? '',
        request: requestIn(answer.metadata),
      }
    },
  }
}

/** Models of Google's answer with metadata of their own; the embedded platform's says what the request is called. */
const requestIn = (metadata: Parameters<typeof fromValue>[0] | null | undefined): string | null => {
  const said = metadata ? fromValue(metadata) : null
  const id = isJsonObject(said) ? said['requestId'] : undefined
  return typeof id === 'string' ? id : null
}

const createdAt = (endpoint: Endpoint): number => Number(endpoint.createTime?.seconds ?? 0)

/** Ten digits out of the key: a second deployment of the same release meets the first one's id. */
const deployedIdOf = (key: string): string => {
  const number = createHash('sha256').update(key).digest().readUIntBE(0, 6)
  return String(1_000_000_000 + (number % 9_000_000_000))
}

/** What a model is served with: as it chooses itself, or the machine of the config. */
export const resourcesFor = async (
  clients: Clients,
  call: Call,
  name: string,
  machineType: string,
  signal: AbortSignal,
): Promise<google.cloud.aiplatform.v1.IDeployedModel> => {
  const client = await clients.models()
  const model = await call({ method: 'GetModel', resource: name, kind: 'read' }, signal, (options) =>
    client.getModel({ name }, options),
  )
  const supported = (model.supportedDeploymentResourcesTypes ?? []).map(String)
  if (supported.includes('AUTOMATIC_RESOURCES') && !supported.includes('DEDICATED_RESOURCES'))
    return { automaticResources: { minReplicaCount: 1, maxReplicaCount: 1 } }
  return { dedicatedResources: { machineSpec: { machineType }, minReplicaCount: 1, maxReplicaCount: 1 } }
}

const deployedOf = (deployed: google.cloud.aiplatform.v1.IDeployedModel): DeployedModel => {
  const named = splitModelName(deployed.model ?? '')
  return {
    id: deployed.id ?? '',
    model: named.model,
    modelVersion: deployed.modelVersionId || named.version || '1',
    displayName: deployed.displayName ?? '',
  }
}

const viewOf = (endpoint: Endpoint): EndpointView => ({
  name: endpoint.name ?? '',
  displayName: endpoint.displayName ?? '',
  deployed: (endpoint.deployedModels ?? []).map(deployedOf),
  split: Object.fromEntries(
    Object.entries(endpoint.trafficSplit ?? {})
      .map(([id, percent]) => [id, Number(percent)] as const)
      .filter(([, percent]) => percent > 0),
  ),
})
