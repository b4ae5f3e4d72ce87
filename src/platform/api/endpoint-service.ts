import { newId, placeOf } from '../names.ts'
import type { Operations } from '../operations.ts'
import type { Collection } from '../records.ts'
import { type Endpoint, timestampOf } from '../resources.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { createDeploymentHandlers, type DeploymentPorts } from './endpoint-deployments.ts'
import { maskedFields, merged } from './field-mask.ts'
import { findEndpoint } from './find-endpoint.ts'
import { pageOf } from './paging.ts'
import { chosenId, messageIn, requiredText } from './request.ts'
import { checkSplit, splitOf } from './traffic.ts'

interface EndpointPorts extends DeploymentPorts {
  readonly endpoints: Collection<Endpoint>
  readonly operations: Operations
  readonly now: () => number
}

const idPattern = /^([a-z]([a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,8}|0)$/
const idRule = 'up to 63 of a-z, 0-9 and -, a letter first and no hyphen last; or a number of up to 9 digits'
const changeable = [
  ...['displayName', 'description', 'labels', 'trafficSplit', 'predictRequestResponseLoggingConfig'],
  ...['clientConnectionConfig'],
]

export const createEndpointService = (ports: EndpointPorts) => {
  const { endpoints, operations, now } = ports

  const create = operations.define('createEndpoint', {
    metadata: 'google.cloud.aiplatform.v1.CreateEndpointOperationMetadata',
    response: 'google.cloud.aiplatform.v1.Endpoint',
    run: async (plan) => {
      const endpoint = plan.endpoint as Endpoint
      // After a crash it may be there already: the etag tells this operation's endpoint from another's.
      const inserted = await endpoints.insert(endpoint)
      const mine = inserted || endpoints.get(endpoint.name)?.etag === endpoint.etag
      if (mine) return endpoint
      throw statusError('ALREADY_EXISTS', `The endpoint ${endpoint.name} exists already`)
    },
  })
  const remove = operations.define('deleteEndpoint', {
    metadata: 'google.cloud.aiplatform.v1.DeleteOperationMetadata',
    response: 'google.protobuf.Empty',
    run: async (plan) => {
      const endpoint = endpoints.get(plan.name as string)
      if (endpoint) refuseUsed(endpoint)
      await endpoints.remove(plan.name as string)
      return {}
    },
  })

  const update = async (request: Message): Promise<Endpoint> => {
    const given = messageIn(request, 'endpoint')
    const { name } = findEndpoint(endpoints, given.name)
    const fields = maskedFields(request.updateMask, changeable)
    const split = fields.includes('trafficSplit') ? splitOf(given.trafficSplit) : undefined
    // Deciding and changing is one step: a model that is undeployed meanwhile gets no traffic.
    const changed = await endpoints.update(name, (endpoint) => ({
      ...merged(endpoint, given, fields),
      ...(split && { trafficSplit: checkSplit(endpoint, split) }),
      updateTime: timestampOf(now()),
    }))
    return changed as Endpoint
  }
  return {
    ...createDeploymentHandlers(ports),

    createEndpoint: async (request) => {
      const parent = placeOf(request.parent)
      const given = messageIn(request, 'endpoint')
      requiredText(given, 'displayName', 'endpoint.display_name')
      const chosen = chosenId(request, 'endpointId', idPattern, idRule)
      const name = `${parent}/endpoints/${chosen ?? newId((id) => endpoints.get(`${parent}/endpoints/${id}`) !== undefined)}`
      if (endpoints.get(name)) throw statusError('ALREADY_EXISTS', `The endpoint ${name} exists already`)
      const time = timestampOf(now())
      const made = { name, deployedModels: [], trafficSplit: {}, createTime: time, updateTime: time, etag: newId() }
      return create(name, { endpoint: { ...given, ...made } })
    },
    getEndpoint: async (request) => findEndpoint(endpoints, request.name),
    listEndpoints: async (request) => {
      const parent = placeOf(request.parent)
      const { items, nextPageToken } = pageOf(endpoints.list(`${parent}/endpoints/`), request, ['description'])
      return { endpoints: items, nextPageToken }
    },
    updateEndpoint: update,
    deleteEndpoint: async (request) => {
      const endpoint = findEndpoint(endpoints, request.name)
      refuseUsed(endpoint)
      return remove(endpoint.name, { name: endpoint.name })
    },
  } satisfies Record<string, Handler>
}

const refuseUsed = ({ name, deployedModels }: Endpoint): void => {
  if (deployedModels.length > 0)
    throw statusError(
      'FAILED_PRECONDITION',
      `${name} has ${deployedModels.length} deployed model(s): undeploy them first`,
    )
}
