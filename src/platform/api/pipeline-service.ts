import { checkJobParameters } from '../../pipelines/parameters.ts'
import { checkPipelineSpec } from '../../pipelines/parse-pipeline.ts'
import type { Addresses } from '../addresses.ts'
import { nameOf, newId, placeOf } from '../names.ts'
import type { Operations } from '../operations.ts'
import { type PipelineJobs, parametersOf } from '../pipeline-jobs.ts'
import { endedStates, type PipelineJob, type RuntimeConfig, timestampOf } from '../resources.ts'
import type { Handler, Message } from '../services.ts'
import { statusError } from '../status.ts'
import { pageOf } from './paging.ts'
import { chosenId, messageIn } from './request.ts'

interface PipelinePorts {
  readonly pipelineJobs: PipelineJobs
  readonly operations: Operations
  readonly addresses: Addresses
  readonly now: () => number
}

const idPattern = /^[a-z][-a-z0-9]{0,127}$/
const idRule = 'a lower-case letter, then up to 127 lower-case letters, digits and hyphens'
const filterable = ['state', 'pipelineName', 'startTime', 'endTime', 'scheduleName', 'templateUri']

export const createPipelineService = ({ pipelineJobs, operations, addresses, now }: PipelinePorts) => {
  const find = (name: unknown): PipelineJob => {
    const job = pipelineJobs.get(nameOf(name, 'pipelineJobs'))
    if (job) return job
    throw statusError('NOT_FOUND', `There is no pipeline job ${String(name)}`)
  }

  const remove = operations.define('deletePipelineJob', {
    metadata: 'google.cloud.aiplatform.v1.DeleteOperationMetadata',
    response: 'google.protobuf.Empty',
    run: async (plan) => {
      await pipelineJobs.remove(plan.name as string)
      return {}
    },
  })

  return {
    createPipelineJob: async (request) => {
      const parent = placeOf(request.parent)
      const given = messageIn(request, 'pipelineJob')
      const chosen = chosenId(request, 'pipelineJobId', idPattern, idRule)
      const id = chosen ?? `job-${newId((made) => pipelineJobs.nameOf(`job-${made}`) !== undefined)}`
      const other = pipelineJobs.nameOf(id)
      if (other !== undefined) throw statusError('ALREADY_EXISTS', `The pipeline job ${other} exists already`)
      const pipelineSpec = messageIn(given, 'pipelineSpec')
      const runtimeConfig = checkedConfig(given, pipelineSpec)
      addresses.resolve(runtimeConfig.gcsOutputDirectory as string)
      const time = timestampOf(now())
      const job: PipelineJob = {
        ...given,
        name: `${parent}/pipelineJobs/${id}`,
        displayName: String(given.displayName || id),
        pipelineSpec,
        runtimeConfig,
        state: 'PIPELINE_STATE_PENDING',
        createTime: time,
        updateTime: time,
        jobDetail: { taskDetails: [] },
      }
      if (await pipelineJobs.create(job)) return job
      throw statusError('ALREADY_EXISTS', `The pipeline job ${job.name} exists already`)
    },
    getPipelineJob: async (request) => find(request.name),
    listPipelineJobs: async (request) => {
      const parent = placeOf(request.parent)
      const found = pipelineJobs.list(`${parent}/pipelineJobs/`).map((job) => ({
        ...job,
        pipelineName: (job.pipelineSpec.pipelineInfo as Message | undefined)?.name,
      }))
      const { items, nextPageToken } = pageOf(found, request, filterable)
      return { pipelineJobs: items.map(({ pipelineName: _, ...job }) => job), nextPageToken }
    },
    cancelPipelineJob: async (request) => {
      const { name, state } = find(request.name)
      if (await pipelineJobs.cancel(name)) return {}
      throw statusError('FAILED_PRECONDITION', `${name} has ended already (${state}): there is nothing to cancel`)
    },
    deletePipelineJob: async (request) => {
      const { name, state } = find(request.name)
      if (!endedStates.has(state))
        throw statusError('FAILED_PRECONDITION', `${name} has not ended: cancel it before it is deleted`)
      return remove(name, { name })
    },
  } satisfies Record<string, Handler>
}

/** INVALID_ARGUMENT for what the job can be seen not to run with, before anything of it is kept. */
const checkedConfig = (given: Message, pipelineSpec: Message): RuntimeConfig => {
  const spec = checkPipelineSpec(pipelineSpec, 'pipeline_job.pipeline_spec')
  const config = (given.runtimeConfig ?? {}) as RuntimeConfig
  if (!config.gcsOutputDirectory)
    throw statusError('INVALID_ARGUMENT', 'pipeline_job.runtime_config.gcs_output_directory is required')
  const [form, other] =
    spec.schemaVersion === '2.0.0' ? ['parameters', 'parameterValues'] : ['parameterValues', 'parameters']
  if (Object.keys((config[other as string] ?? {}) as object).length > 0)
    throw statusError(
      'INVALID_ARGUMENT',
      `runtime_config gives ${other}, but a pipeline of schema ${spec.schemaVersion ?? '2.1.0'} takes ${form}`,
    )
  const problems = checkJobParameters(spec, parametersOf({ runtimeConfig: config }))
  if (problems.length > 0)
    throw statusError('INVALID_ARGUMENT', `The parameters do not fit the pipeline: ${problems.join('; ')}`)
  return config
}
