import type { google } from '@google-cloud/aiplatform/build/protos/protos.js'
import { Fault } from '../../../domain/errors.ts'
import { isJsonObject, type JsonObject } from '../../../domain/json.ts'
import type { JobView, LaunchRequest, PipelineTarget } from '../../../domain/ports/pipeline-target.ts'
import { type Call, grpcCodeOf, grpcCodes, isAmbiguous, isNotFound } from './calls.ts'
import type { Clients } from './clients.ts'
import { failureDetails, taskViewsOf } from './tasks.ts'
import { toStruct, toValue } from './values.ts'

type PipelineJob = google.cloud.aiplatform.v1.IPipelineJob

/** The label by which a job found under our id is known to be the one that was asked for. */
const identityLabel = 'winnow-identity'

const states: Readonly<Record<string, JobView['state']>> = {
  PIPELINE_STATE_QUEUED: 'pending',
  PIPELINE_STATE_PENDING: 'pending',
  PIPELINE_STATE_RUNNING: 'running',
  PIPELINE_STATE_CANCELLING: 'running',
  PIPELINE_STATE_PAUSED: 'running',
  PIPELINE_STATE_SUCCEEDED: 'succeeded',
  PIPELINE_STATE_FAILED: 'failed',
  PIPELINE_STATE_CANCELLED: 'cancelled',
}

export interface JobsOptions {
  /** `projects/p/locations/l` */
  readonly parent: string
  readonly pipelineRoot: string
  /** The embedded platform reads what a pipeline asks of Kubernetes too, and tells what it leaves out. */
  readonly takesPlatformSpec: boolean
  readonly serviceAccount?: string
}

export const createJobs = (
  clients: Clients,
  call: Call,
  options: JobsOptions,
): Pick<PipelineTarget, 'launch' | 'inspect' | 'cancel'> => {
  const nameOf = (jobId: string) => `${options.parent}/pipelineJobs/${jobId}`

  const get = async (jobId: string, signal: AbortSignal): Promise<PipelineJob | undefined> => {
    const client = await clients.pipelines()
    const name = nameOf(jobId)
    try {
      return await call({ method: 'GetPipelineJob', resource: name, kind: 'read' }, signal, (callOptions) =>
        client.getPipelineJob({ name }, callOptions),
      )
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  const adopt = (request: LaunchRequest, job: PipelineJob): void => {
    const theirs = job.labels?.[identityLabel]
    if (theirs === request.labels[identityLabel]) return
    throw new Fault('target_refused', `${nameOf(request.jobId)} exists already and is not the job that was asked for`, {
      details: [`its label ${identityLabel} is ${theirs ?? 'not set'}, ours is ${request.labels[identityLabel]}`],
      remedy: 'find out who made that job; delete it or rename the pipeline, and push again',
    })
  }

  return {
    launch: async (request, signal) => {
      const client = await clients.pipelines()
      const resource = nameOf(request.jobId)
      try {
        await call({ method: 'CreatePipelineJob', resource, kind: 'act' }, signal, (callOptions) =>
          client.createPipelineJob(
            { parent: options.parent, pipelineJobId: request.jobId, pipelineJob: pipelineJobOf(request, options) },
            callOptions,
          ),
        )
      } catch (error) {
        const exists = grpcCodeOf(error) === grpcCodes.alreadyExists
        if (!exists && !isAmbiguous(error)) throw error
        const job = await get(request.jobId, signal)
        if (job === undefined) throw error
        adopt(request, job)
      }
    },
    inspect: async (jobId, signal) => {
      const job = await get(jobId, signal)
      if (job === undefined) return { state: 'missing', error: null, details: [], tasks: [] }
      const tasks = taskViewsOf(job.jobDetail?.taskDetails ?? [])
      const state = states[String(job.state)] ?? 'pending'
      return {
        state,
        error: job.error?.message ? job.error.message : null,
        details: state === 'failed' ? failureDetails(tasks) : [],
        tasks,
      }
    },
    cancel: async (jobId, signal) => {
      const client = await clients.pipelines()
      const name = nameOf(jobId)
      try {
        await call({ method: 'CancelPipelineJob', resource: name, kind: 'set' }, signal, (callOptions) =>
          client.cancelPipelineJob({ name }, callOptions),
        )
      } catch (error) {
        // Nothing to stop: it never was, or it ended in between.
        const code = grpcCodeOf(error)
        if (code !== grpcCodes.notFound && code !== grpcCodes.failedPrecondition) throw error
      }
    },
  }
}

const pipelineJobOf = (request: LaunchRequest, options: JobsOptions): PipelineJob => {
  // What a build keeps for other targets (kubernetes.*) is no part of what Vertex AI takes; the build's log has told of it.
  const { platformSpec: _left, ...bare } = request.ir
  const whole = options.takesPlatformSpec ? request.ir : bare
  const spec = isJsonObject(request.ir['pipelineSpec']) ? request.ir['pipelineSpec'] : whole
  return {
    displayName: request.displayName.slice(0, 128),
    labels: { ...request.labels },
    pipelineSpec: toStruct(spec),
    runtimeConfig: { gcsOutputDirectory: options.pipelineRoot, ...parametersOf(spec, request.parameters) },
    ...(options.serviceAccount === undefined ? {} : { serviceAccount: options.serviceAccount }),
  }
}

/** Specs up to schema 2.0.0 take typed parameters in which lists, objects and booleans are JSON text; later ones take any value. */
const parametersOf = (
  spec: JsonObject,
  parameters: JsonObject,
): google.cloud.aiplatform.v1.PipelineJob.IRuntimeConfig => {
  const entries = Object.entries(parameters).filter(([, value]) => value !== undefined)
  if (spec['schemaVersion'] !== '2.0.0')
    return { parameterValues: Object.fromEntries(entries.map(([key, value]) => [key, toValue(value)])) }
  const definitions = declaredParameters(spec)
  return {
    parameters: Object.fromEntries(
      entries.map(([key, value]) => {
        if (typeof value !== 'number')
          return [key, { stringValue: typeof value === 'string' ? value : JSON.stringify(value) }]
        const declared = definitions[key]
        const isInt = isJsonObject(declared) && declared['type'] === 'INT'
        return [key, isInt ? { intValue: value } : { doubleValue: value }]
      }),
    ),
  }
}

const declaredParameters = (spec: JsonObject): JsonObject => {
  let at: unknown = spec
  for (const key of ['root', 'inputDefinitions', 'parameters']) at = isJsonObject(at) ? at[key] : undefined
  return isJsonObject(at) ? at : {}
}
