import type { EndpointServiceClient } from '@google-cloud/aiplatform/build/src/v1/endpoint_service_client.js'
import type { JobServiceClient } from '@google-cloud/aiplatform/build/src/v1/job_service_client.js'
import type { ModelServiceClient } from '@google-cloud/aiplatform/build/src/v1/model_service_client.js'
import type { PipelineServiceClient } from '@google-cloud/aiplatform/build/src/v1/pipeline_service_client.js'
import type { PredictionServiceClient } from '@google-cloud/aiplatform/build/src/v1/prediction_service_client.js'
import { credentials } from '@grpc/grpc-js'
import type { ClientOptions } from 'google-gax'

export interface ClientAddress {
  readonly project: string
  /** Host name, `europe-west4-aiplatform.googleapis.com` or `127.0.0.1`. */
  readonly apiEndpoint: string
  readonly port?: number
  /** No TLS and no credentials: for the embedded platform on loopback only. */
  readonly insecure: boolean
}

export interface Clients {
  pipelines(): Promise<PipelineServiceClient>
  models(): Promise<ModelServiceClient>
  endpoints(): Promise<EndpointServiceClient>
  predictions(): Promise<PredictionServiceClient>
  jobs(): Promise<JobServiceClient>
  close(): Promise<void>
}

/** On loopback nobody is to look for this machine's credentials, nor to ask a metadata server whether there are any. */
const noAuth = {
  getUniverseDomain: async () => 'googleapis.com',
  getProjectId: async () => 'local',
} as unknown as NonNullable<ClientOptions['auth']>

/** The vendor's clients one by one, each loaded when it is first needed: the whole package costs a second and 130 MB more. */
export const createClients = (address: ClientAddress): Clients => {
  const options: ClientOptions = {
    apiEndpoint: address.apiEndpoint,
    projectId: address.project,
    ...(address.port === undefined ? {} : { port: address.port }),
    ...(address.insecure ? { sslCreds: credentials.createInsecure(), auth: noAuth } : {}),
  }
  const made: Promise<{ close(): Promise<void> }>[] = []
  const once = <T extends { close(): Promise<void> }>(make: () => Promise<T>): (() => Promise<T>) => {
    let client: Promise<T> | undefined
    return () => {
      if (client === undefined) {
        client = make()
        made.push(client)
      }
      return client
    }
  }
  return {
    pipelines: once(async () => {
      const module = await import('@google-cloud/aiplatform/build/src/v1/pipeline_service_client.js')
      return new module.PipelineServiceClient(options)
    }),
    models: once(async () => {
      const module = await import('@google-cloud/aiplatform/build/src/v1/model_service_client.js')
      return new module.ModelServiceClient(options)
    }),
    endpoints: once(async () => {
      const module = await import('@google-cloud/aiplatform/build/src/v1/endpoint_service_client.js')
      return new module.EndpointServiceClient(options)
    }),
    predictions: once(async () => {
      const module = await import('@google-cloud/aiplatform/build/src/v1/prediction_service_client.js')
      return new module.PredictionServiceClient(options)
    }),
    jobs: once(async () => {
      const module = await import('@google-cloud/aiplatform/build/src/v1/job_service_client.js')
      return new module.JobServiceClient(options)
    }),
    close: async () => {
      await Promise.allSettled(made.map(async (client) => (await client).close()))
    },
  }
}
