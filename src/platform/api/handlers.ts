import type { Addresses } from '../addresses.ts'
import type { Deployments } from '../deployments.ts'
import type { ModelRecord } from '../model-records.ts'
import type { ModelStore } from '../model-store.ts'
import type { OperationRecord, Operations } from '../operations.ts'
import type { PipelineJobs } from '../pipeline-jobs.ts'
import type { Collection, Records } from '../records.ts'
import type { RequestLog } from '../request-log.ts'
import type {
  BatchPredictionJob,
  Dataset,
  Endpoint,
  ModelEvaluation,
  ModelEvaluationSlice,
  PipelineJob,
} from '../resources.ts'
import { type HandlerTable, serviceNames } from '../services.ts'
import { createCustomJobs } from './custom-jobs.ts'
import { createDatasetService } from './dataset-service.ts'
import { createEndpointService } from './endpoint-service.ts'
import { createJobService } from './job-service.ts'
import { createModelEvaluations, dropEvaluations } from './model-evaluations.ts'
import { createModelService } from './model-service.ts'
import { createOperationsService } from './operations-service.ts'
import { createPipelineService } from './pipeline-service.ts'
import { createPredictionService } from './prediction-service.ts'
import { createTrainingPipelines } from './training-pipelines.ts'

/** Everything that the platform remembers. */
export interface Collections {
  readonly jobs: Collection<PipelineJob>
  readonly datasets: Collection<Dataset>
  readonly models: Collection<ModelRecord>
  readonly evaluations: Collection<ModelEvaluation>
  readonly slices: Collection<ModelEvaluationSlice>
  readonly endpoints: Collection<Endpoint>
  readonly batchJobs: Collection<BatchPredictionJob>
  readonly operationRecords: Collection<OperationRecord>
}

export const openCollections = async (records: Records): Promise<Collections> => ({
  jobs: await records.collection('pipelineJobs'),
  datasets: await records.collection('datasets'),
  models: await records.collection('models'),
  evaluations: await records.collection('evaluations'),
  slices: await records.collection('slices'),
  endpoints: await records.collection('endpoints'),
  batchJobs: await records.collection('batchPredictionJobs'),
  operationRecords: await records.collection('operations'),
})

export interface HandlerPorts {
  readonly collections: Collections
  readonly pipelineJobs: PipelineJobs
  readonly operations: Operations
  readonly addresses: Addresses
  readonly store: ModelStore
  readonly deployments: Deployments
  readonly requestLog: RequestLog
  readonly now: () => number
  /** From 0 up to but not including 1: splits the traffic. */
  readonly random: () => number
}

export interface Handlers {
  /** The one table: every face of the platform is made from it. */
  readonly table: HandlerTable
  /** Takes up the operations and batches that an earlier life left undone. */
  resume(): Promise<void>
  /** Stops them, without ending them. */
  close(): Promise<void>
}

export const createHandlers = (ports: HandlerPorts): Handlers => {
  const { operations } = ports
  const shared = { ...ports.collections, ...ports }
  const jobs = createJobService(shared)
  const models = createModelService({ ...shared, dropEvaluations: dropEvaluations(ports.collections) })
  return {
    table: {
      [serviceNames.PipelineService]: { ...createPipelineService(shared), ...createTrainingPipelines(shared) },
      [serviceNames.DatasetService]: createDatasetService(shared),
      [serviceNames.ModelService]: { ...models, ...createModelEvaluations(shared) },
      [serviceNames.EndpointService]: createEndpointService(shared),
      [serviceNames.PredictionService]: createPredictionService(shared),
      [serviceNames.JobService]: { ...jobs.handlers, ...createCustomJobs(shared) },
      [serviceNames.Operations]: createOperationsService(operations),
    },
    resume: async () => {
      await operations.resume()
      jobs.resume()
    },
    close: async () => {
      await operations.close()
      await jobs.close()
    },
  }
}
