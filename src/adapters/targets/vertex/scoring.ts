import type { google } from '@google-cloud/aiplatform/build/protos/protos.js'
import type { ModelScorer, ScoreRequest, Scoring } from '../../../domain/ports/models.ts'
import { type Call, isAmbiguous } from './calls.ts'
import type { Clients } from './clients.ts'
import { type EndpointsOptions, resourcesFor } from './endpoints.ts'
import { quoted } from './names.ts'

type Job = google.cloud.aiplatform.v1.IBatchPredictionJob

export interface ScoringOptions extends EndpointsOptions {
  /** Where the answers are written, below a folder of their own. */
  readonly pipelineRoot: string
}

const failed = new Set(['JOB_STATE_FAILED', 'JOB_STATE_CANCELLED', 'JOB_STATE_EXPIRED'])

/**
 * Batch predictions. Vertex AI gives such a job an id of its own choice, so a job is found again by its display name:
 * it is looked for before one is made, and where the answer to making it was lost.
 */
export const createScoring = (clients: Clients, call: Call, options: ScoringOptions): ModelScorer => {
  const { parent } = options

  const find = async (key: string, signal: AbortSignal): Promise<Job | undefined> => {
    const client = await clients.jobs()
    const filter = `display_name=${quoted(key)}`
    const jobs = await call(
      { method: 'ListBatchPredictionJobs', resource: parent, kind: 'read' },
      signal,
      (callOptions) => client.listBatchPredictionJobs({ parent, filter }, callOptions),
    )
    // Should there be two, everybody sees the same one: the oldest.
    return jobs
      .filter(({ displayName }) => displayName === key)
      .sort((a, b) => Number(a.createTime?.seconds ?? 0) - Number(b.createTime?.seconds ?? 0))[0]
  }

  const create = async (request: ScoreRequest, signal: AbortSignal): Promise<Job> => {
    const client = await clients.jobs()
    const model = `${request.model.model}@${request.model.version}`
    const { dedicatedResources } = await resourcesFor(clients, call, model, options.machineType, signal)
    const machines = dedicatedResources
      ? {
          dedicatedResources: {
            machineSpec: dedicatedResources.machineSpec ?? null,
            startingReplicaCount: 1,
            maxReplicaCount: 1,
          },
        }
      : {}
    return call({ method: 'CreateBatchPredictionJob', resource: request.key, kind: 'act' }, signal, (callOptions) =>
      client.createBatchPredictionJob(
        {
          parent,
          batchPredictionJob: {
            displayName: request.key,
            labels: { 'made-by': 'winnow' },
            model,
            inputConfig: { instancesFormat: request.format, gcsSource: { uris: [request.uri] } },
            instanceConfig: { instanceType: 'object', excludedFields: [...request.without] },
            outputConfig: {
              predictionsFormat: 'jsonl',
              gcsDestination: { outputUriPrefix: `${options.pipelineRoot.replace(/\/$/, '')}/winnow-scored` },
            },
            ...machines,
            ...(options.serviceAccount === undefined ? {} : { serviceAccount: options.serviceAccount }),
          },
        },
        callOptions,
      ),
    )
  }

  return {
    score: async (request, signal) => {
      const found = await find(request.key, signal)
      if (found !== undefined) return scoringOf(found)
      try {
        return scoringOf(await create(request, signal))
      } catch (error) {
        const made = isAmbiguous(error) ? await find(request.key, signal) : undefined
        if (made === undefined) throw error
        return scoringOf(made)
      }
    },
  }
}

const scoringOf = ({ name, state, error, outputInfo, completionStats }: Job): Scoring => {
  const job = { name: name ?? '' }
  const reached = String(state)
  if (failed.has(reached))
    return { ...job, state: 'failed', reason: error?.message || `it ended as ${reached.replace('JOB_STATE_', '')}` }
  if (reached !== 'JOB_STATE_SUCCEEDED' && reached !== 'JOB_STATE_PARTIALLY_SUCCEEDED')
    return { ...job, state: 'running' }
  const refused = Number(completionStats?.failedCount ?? 0)
  if (refused > 0) return { ...job, state: 'failed', reason: `it could not take ${refused} of the examples` }
  return { ...job, state: 'done', uri: `${outputInfo?.gcsOutputDirectory ?? ''}/prediction.results-*` }
}
