import type { FastifyPluginAsync } from 'fastify'
import type { Json } from '../../domain/json.ts'
import type { Log } from '../../log.ts'
import type { Addresses } from '../addresses.ts'
import type { PipelineJobs } from '../pipeline-jobs.ts'
import type { Records } from '../records.ts'
import { statusError } from '../status.ts'
import { openKfpCollections } from './collections.ts'
import { errorAnswer, isUnforeseen } from './errors.ts'
import { experimentRoutes } from './experiment-routes.ts'
import { createExperiments } from './experiments.ts'
import { pipelineRoutes } from './pipeline-routes.ts'
import { createPipelineVersions } from './pipeline-versions.ts'
import { createPipelines } from './pipelines.ts'
import { refusedRoutes } from './refused-routes.ts'
import { mountRoutes, type Route } from './routes.ts'
import { runRoutes } from './run-routes.ts'
import { createRuns } from './runs.ts'
import { uploadRoutes } from './upload-routes.ts'
import { versionRoutes } from './version-routes.ts'

interface KfpPorts {
  readonly records: Records
  readonly pipelineJobs: PipelineJobs
  readonly addresses: Addresses
  /** `projects/P/locations/L`: where the jobs of runs are kept. */
  readonly parent: string
  readonly now: () => number
  readonly log: Log
}

const health: Route = {
  method: 'GET',
  path: '/healthz',
  answer: () => ({ body: { multi_user: false, pipeline_store: 'database' } }),
}

/** Kubeflow Pipelines' REST API, v2beta1, as `kfp.Client` speaks it. Its runs are the platform's pipeline jobs. */
export const kfpApi = (ports: KfpPorts): FastifyPluginAsync => {
  const { records, pipelineJobs, now } = ports
  return async (face) => {
    const collections = await openKfpCollections(records)
    const experiments = createExperiments(collections.experiments, now)
    const versions = createPipelineVersions(collections.versions, now)
    const pipelines = createPipelines(collections.pipelines, versions, now)
    const runs = createRuns({ records: collections.runs, pipelineJobs, experiments })
    await serve(
      [
        health,
        ...experimentRoutes(experiments, runs),
        ...uploadRoutes(pipelines, versions),
        ...pipelineRoutes(pipelines),
        ...versionRoutes(pipelines, versions),
        ...runRoutes(runs, { ...ports, experiments, versions }),
        ...refusedRoutes,
      ],
      ports.log,
    )(face, {})
  }
}

/** What clients older than v2beta1 ask before anything else. */
export const kfpHealth = (log: Log): FastifyPluginAsync => serve([health], log)

const serve =
  (routes: readonly Route[], log: Log): FastifyPluginAsync =>
  async (face) => {
    face.removeAllContentTypeParsers()
    face.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: unknown, text: string) =>
      text.trim() === '' ? undefined : parseJson(text),
    )
    face.addContentTypeParser(
      'multipart/form-data',
      { parseAs: 'buffer' },
      async (_request: unknown, bytes: Buffer) => bytes,
    )
    face.setErrorHandler((error, { method, url }, reply) => {
      const answer = errorAnswer(error)
      if (isUnforeseen(answer)) log.error({ method, path: url.split('?')[0], error }, 'the platform failed to answer')
      return reply.code(answer.http).send(answer.body)
    })
    face.setNotFoundHandler(({ method, url }, reply) => {
      const { http, body } = errorAnswer(statusError('NOT_FOUND', `There is nothing at ${method} ${url.split('?')[0]}`))
      return reply.code(http).send(body)
    })
    mountRoutes(face, routes)
  }

const parseJson = (text: string): Json => {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    throw statusError('INVALID_ARGUMENT', `The body is not JSON: ${(error as Error).message}`)
  }
}
