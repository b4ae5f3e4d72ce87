import { randomInt } from 'node:crypto'
import type { Json } from '../../domain/json.ts'
import type { Deployments } from '../deployments.ts'
import { findVersion, type ModelRecord } from '../model-records.ts'
import type { Collection } from '../records.ts'
import type { RequestLog } from '../request-log.ts'
import type { Endpoint } from '../resources.ts'
import type { Handler } from '../services.ts'
import { statusError, statusNameOf } from '../status.ts'
import { findEndpoint } from './find-endpoint.ts'
import { pickByTraffic } from './traffic.ts'

interface PredictionPorts {
  readonly endpoints: Collection<Endpoint>
  readonly models: Collection<ModelRecord>
  readonly deployments: Deployments
  readonly requestLog: RequestLog
  readonly now: () => number
  /** From 0 up to but not including 1: which of the deployed models answers. */
  readonly random: () => number
}

export const createPredictionService = ({ endpoints, models, deployments, requestLog, now, random }: PredictionPorts) =>
  ({
    predict: async (request, { signal }) => {
      const endpoint = findEndpoint(endpoints, request.endpoint)
      const instances = (request.instances ?? []) as readonly Json[]
      if (instances.length === 0) throw statusError('INVALID_ARGUMENT', 'instances is empty: it takes one at least')
      if (endpoint.deployedModels.length === 0)
        throw statusError('FAILED_PRECONDITION', `${endpoint.name} has no deployed model: nothing can answer`)
      const chosen = pickByTraffic(endpoint.trafficSplit, random())
      const deployed = endpoint.deployedModels.find(({ id }) => id === chosen)
      if (!deployed)
        throw statusError(
          'FAILED_PRECONDITION',
          `${endpoint.name} sends no traffic to any model: set its traffic_split`,
        )
      const id = String(randomInt(2 ** 47))
      const from = performance.now()
      const log = (status: string, predictions: readonly Json[] | null): void =>
        requestLog.write(endpoint, {
          id,
          deployedModel: deployed.id,
          at: now(),
          latency: performance.now() - from,
          status,
          instances,
          predictions,
        })
      const predictions = await deployments
        .predict(deployed.model, deployed.modelVersionId, instances, signal)
        .catch((error: unknown) => {
          // Who hangs up has no answer, whatever the model would have said.
          if (!signal.aborted) log(statusNameOf(error), null)
          throw error
        })
      log('OK', predictions)
      return {
        metadata: { requestId: id },
        predictions,
        deployedModelId: deployed.id,
        model: deployed.model,
        modelVersionId: deployed.modelVersionId,
        modelDisplayName: findVersion(models, `${deployed.model}@${deployed.modelVersionId}`).displayName ?? '',
      }
    },
  }) satisfies Record<string, Handler>
