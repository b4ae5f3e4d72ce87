import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import type { Addresses } from '../addresses.ts'
import { customJobContainer } from '../engine/containers/custom-job.ts'
import { nameOf, newId, placeOf } from '../names.ts'
import type { Operations } from '../operations.ts'
import type { PipelineJobs } from '../pipeline-jobs.ts'
import { endedStates, type PipelineJob, timestampOf } from '../resources.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { millisecondsOf } from './filter.ts'
import { pageOf } from './paging.ts'
import { messageIn, requiredText } from './request.ts'

interface CustomJobPorts {
  readonly pipelineJobs: PipelineJobs
  readonly operations: Operations
  readonly addresses: Addresses
  readonly now: () => number
}

/**
 * Custom jobs: one container each, done by the engine as a pipeline of one task. Its record lies among those of
 * pipeline jobs under its own name, so it survives, is resumed and is cancelled as they are.
 */
export const createCustomJobs = ({ pipelineJobs, operations, addresses, now }: CustomJobPorts) => {
  const find = (name: unknown): PipelineJob => {
    const job = pipelineJobs.get(nameOf(name, 'customJobs'))
    if (job) return job
    throw statusError('NOT_FOUND', `There is no custom job ${String(name)}`)
  }
  const remove = operations.define('deleteCustomJob', {
    metadata: 'google.cloud.aiplatform.v1.DeleteOperationMetadata',
    response: 'google.protobuf.Empty',
    run: async (plan) => {
      await pipelineJobs.remove(plan.name as string)
      return {}
    },
  })
  return {
    createCustomJob: async (request) => {
      const parent = placeOf(request.parent)
      const given = messageIn(request, 'customJob')
      const displayName = requiredText(given, 'displayName', 'custom_job.display_name')
      const id = newId((made) => pipelineJobs.nameOf(made) !== undefined)
      const time = timestampOf(now())
      const job: PipelineJob = {
        name: `${parent}/customJobs/${id}`,
        displayName,
        customJob: given,
        labels: (given.labels ?? {}) as Record<string, string>,
        pipelineSpec: specOf(given, addresses),
        runtimeConfig: {},
        state: 'PIPELINE_STATE_PENDING',
        createTime: time,
        updateTime: time,
      }
      await pipelineJobs.create(job)
      return shown(job)
    },
    getCustomJob: async (request) => shown(find(request.name)),
    listCustomJobs: async (request) => {
      const parent = placeOf(request.parent)
      const found = pipelineJobs.list(`${parent}/customJobs/`).map(shown)
      const { items, nextPageToken } = pageOf(found, request, ['state', 'startTime', 'endTime'])
      return { customJobs: items, nextPageToken }
    },
    cancelCustomJob: async (request) => {
      await pipelineJobs.cancel(find(request.name).name)
      return {}
    },
    deleteCustomJob: async (request) => {
      const { name, state } = find(request.name)
      if (!endedStates.has(state))
        throw statusError('FAILED_PRECONDITION', `${name} has not ended: cancel it before it is deleted`)
      return remove(name, { name })
    },
  } satisfies Record<string, Handler>
}

const shown = ({ name, customJob, state, createTime, startTime, endTime, updateTime, error }: PipelineJob) => ({
  ...(customJob as Message),
  name,
  state: state.replace('PIPELINE_', 'JOB_'),
  createTime,
  updateTime,
  ...(startTime && { startTime }),
  ...(endTime && { endTime }),
  ...(error && { error }),
})

/** The job as a pipeline of one task; INVALID_ARGUMENT for one that cannot be done on one machine. */
const specOf = (job: Message, addresses: Addresses): JsonObject => {
  const jobSpec = messageIn(job, 'jobSpec')
  const container = customJobContainer(job, addresses.resolve)
  if (typeof container === 'string') throw statusError('INVALID_ARGUMENT', `${String(job.displayName)} ${container}`)
  return {
    pipelineInfo: { name: 'custom-job' },
    schemaVersion: '2.1.0',
    sdkVersion: 'winnow',
    root: { dag: { tasks: { worker: { taskInfo: { name: 'worker' }, componentRef: { name: 'comp-worker' } } } } },
    components: { 'comp-worker': { executorLabel: 'exec-worker' } },
    deploymentSpec: { executors: { 'exec-worker': { customJob: { customJob: job } } } },
    ...deadlineOf(jobSpec),
  }
}

/** A timer of Node's ends at once where it is to last longer than 24 days. */
const longestTimerSeconds = 2_000_000

/** The job's time-out, as a pipeline would ask it of Kubernetes, which the engine understands. */
const deadlineOf = ({ scheduling }: Message): JsonObject => {
  const timeout = isJsonObject(scheduling) ? scheduling.timeout : undefined
  if (!isJsonObject(timeout)) return {}
  const seconds = Math.ceil(millisecondsOf(timeout) / 1_000)
  const activeDeadlineSeconds = String(Math.min(Math.max(1, seconds), longestTimerSeconds))
  const deploymentSpec = { executors: { 'exec-worker': { activeDeadlineSeconds } } }
  return { platformSpec: { platforms: { kubernetes: { deploymentSpec } } } }
}
