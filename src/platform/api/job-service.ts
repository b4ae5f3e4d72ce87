import type { JsonObject } from '../../domain/json.ts'
import type { Addresses } from '../addresses.ts'
import { fieldsOf, inputOf, outputInfoOf, outputOf } from '../batch-job.ts'
import { runBatchPrediction } from '../batch-prediction.ts'
import type { Deployments } from '../deployments.ts'
import { deploymentsOf, findVersion, type ModelRecord } from '../model-records.ts'
import { nameOf, newId, placeOf } from '../names.ts'
import type { Operations } from '../operations.ts'
import type { Collection } from '../records.ts'
import { type BatchPredictionJob, type Endpoint, timestampOf } from '../resources.ts'
import type { Handler } from '../services.ts'
import { statusError, statusOf } from '../status.ts'
import { pageOf } from './paging.ts'
import { messageIn, requiredText } from './request.ts'

interface JobPorts {
  readonly batchJobs: Collection<BatchPredictionJob>
  readonly models: Collection<ModelRecord>
  readonly endpoints: Collection<Endpoint>
  readonly deployments: Deployments
  readonly operations: Operations
  readonly addresses: Addresses
  readonly now: () => number
}

const ended = new Set(['JOB_STATE_SUCCEEDED', 'JOB_STATE_FAILED', 'JOB_STATE_CANCELLED'])

/** Batch prediction jobs; `resume` takes up those that a crash or a stop interrupted, `close` stops them. */
export const createJobService = (ports: JobPorts) => {
  const { batchJobs, models, endpoints, deployments, operations, addresses, now } = ports
  const running = new Map<string, { readonly abort: AbortController; readonly ended: Promise<void> }>()
  let closing = false

  const find = (name: unknown): BatchPredictionJob => {
    const job = batchJobs.get(nameOf(name, 'batchPredictionJobs'))
    if (job) return job
    throw statusError('NOT_FOUND', `There is no batch prediction job ${String(name)}`)
  }

  const start = (job: BatchPredictionJob): void => {
    const abort = new AbortController()
    const finished = work(job, abort.signal).finally(() => running.delete(job.name))
    running.set(job.name, { abort, ended: finished })
  }

  const work = async (job: BatchPredictionJob, signal: AbortSignal): Promise<void> => {
    const end = async (state: string, fields: JsonObject): Promise<void> => {
      const time = timestampOf(now())
      await batchJobs
        .update(job.name, (found) => ({ ...found, ...fields, state, endTime: time, updateTime: time }))
        .catch(() => undefined)
    }
    try {
      if (job.state === 'JOB_STATE_CANCELLING') return await end('JOB_STATE_CANCELLED', {})
      const time = timestampOf(now())
      batchJobs.amend(job.name, (found) => ({
        ...found,
        state: 'JOB_STATE_RUNNING',
        startTime: time,
        updateTime: time,
      }))
      const progress = (completionStats: JsonObject) =>
        void batchJobs.amend(job.name, (found) => ({ ...found, completionStats, updateTime: timestampOf(now()) }))
      await end('JOB_STATE_SUCCEEDED', await runBatchPrediction(job, { addresses, deployments }, progress, signal))
    } catch (error) {
      if (closing) return
      if (signal.aborted) await end('JOB_STATE_CANCELLED', {})
      else await end('JOB_STATE_FAILED', { error: statusOf(error) })
    } finally {
      await freeModel(job)
    }
  }

  const freeModel = async ({ name, model, modelVersionId }: BatchPredictionJob): Promise<void> => {
    const shared = [...running.keys()].some((other) => {
      const job = batchJobs.get(other)
      return other !== name && job?.model === model && job.modelVersionId === modelVersionId
    })
    if (!shared && deploymentsOf(endpoints, model, modelVersionId).length === 0)
      await deployments.unload(model, modelVersionId)
  }

  const remove = operations.define('deleteBatchPredictionJob', {
    metadata: 'google.cloud.aiplatform.v1.DeleteOperationMetadata',
    response: 'google.protobuf.Empty',
    run: async (plan) => {
      await batchJobs.remove(plan.name as string)
      return {}
    },
  })

  const handlers = {
    createBatchPredictionJob: async (request) => {
      const parent = placeOf(request.parent)
      const given = messageIn(request, 'batchPredictionJob')
      const displayName = requiredText(given, 'displayName', 'batch_prediction_job.display_name')
      const version = findVersion(models, requiredText(given, 'model', 'batch_prediction_job.model'))
      for (const uri of inputOf(given).uris) addresses.resolve(uri)
      fieldsOf(given)
      const output = outputOf(given)
      if (output.format !== 'table') addresses.resolve(output.prefix)
      const id = newId((made) => batchJobs.get(`${parent}/batchPredictionJobs/${made}`) !== undefined)
      const time = timestampOf(now())
      const job: BatchPredictionJob = {
        ...given,
        name: `${parent}/batchPredictionJobs/${id}`,
        model: version.name,
        modelVersionId: version.versionId,
        state: 'JOB_STATE_PENDING',
        createTime: time,
        updateTime: time,
        outputInfo: outputInfoOf(output, displayName, id),
      }
      await batchJobs.insert(job)
      start(job)
      return job
    },
    getBatchPredictionJob: async (request) => find(request.name),
    listBatchPredictionJobs: async (request) => {
      const parent = placeOf(request.parent)
      const found = batchJobs.list(`${parent}/batchPredictionJobs/`)
      const { items, nextPageToken } = pageOf(found, request, ['state', 'model', 'endTime', 'startTime'])
      return { batchPredictionJobs: items, nextPageToken }
    },
    cancelBatchPredictionJob: async (request) => {
      const { name, state } = find(request.name)
      if (ended.has(state)) return {}
      await batchJobs.update(name, (job) => (ended.has(job.state) ? job : { ...job, state: 'JOB_STATE_CANCELLING' }))
      running.get(name)?.abort.abort()
      return {}
    },
    deleteBatchPredictionJob: async (request) => {
      const { name, state } = find(request.name)
      if (!ended.has(state))
        throw statusError('FAILED_PRECONDITION', `${name} has not ended: cancel it before it is deleted`)
      return remove(name, { name })
    },
  } satisfies Record<string, Handler>

  return {
    handlers,
    resume: () => {
      for (const job of batchJobs.list()) if (!ended.has(job.state)) start(job)
    },
    close: async () => {
      closing = true
      for (const { abort } of running.values()) abort.abort()
      await Promise.all([...running.values()].map((job) => job.ended))
    },
  }
}
