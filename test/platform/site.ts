import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  DatasetServiceClient,
  EndpointServiceClient,
  JobServiceClient,
  ModelServiceClient,
  PipelineServiceClient,
  PredictionServiceClient,
} from '@google-cloud/aiplatform'
import { credentials } from '@grpc/grpc-js'
import { createLog } from '../../src/log.ts'
import { createPlatform, type Platform, type PlatformOptions } from '../../src/platform/platform.ts'

process.env['METADATA_SERVER_DETECTION'] = 'none'

const load = createRequire(import.meta.url)

const client = <T>(file: string, name: string, port: number): T => {
  const module = load(`@google-cloud/aiplatform/build/src/v1/${file}.js`) as Record<string, new (options: object) => T>
  const Client = module[name] as new (options: object) => T
  return new Client({ apiEndpoint: '127.0.0.1', port, sslCreds: credentials.createInsecure(), projectId: 'local' })
}

/** The vendor's own clients, pointed at a platform. */
export const clientsOf = (port: number) => {
  const clients = {
    pipelines: client<PipelineServiceClient>('pipeline_service_client', 'PipelineServiceClient', port),
    datasets: client<DatasetServiceClient>('dataset_service_client', 'DatasetServiceClient', port),
    models: client<ModelServiceClient>('model_service_client', 'ModelServiceClient', port),
    endpoints: client<EndpointServiceClient>('endpoint_service_client', 'EndpointServiceClient', port),
    predictions: client<PredictionServiceClient>('prediction_service_client', 'PredictionServiceClient', port),
    jobs: client<JobServiceClient>('job_service_client', 'JobServiceClient', port),
  }
  return {
    ...clients,
    port,
    close: async () => {
      for (const one of Object.values(clients)) await one.close()
    },
  }
}

export type Clients = ReturnType<typeof clientsOf>

export const parent = 'projects/local/locations/local'

export const environmentsFolder = join(
  process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'),
  'environments',
)

export interface Site extends AsyncDisposable {
  readonly root: string
  readonly platform: Platform
  readonly clients: Clients
  /** Stops the platform and starts another one on the same folder. */
  restart(): Promise<Clients>
}

/** A platform in a folder of its own, with clients. */
export const openSite = async (options: Partial<PlatformOptions> = {}): Promise<Site> => {
  const root = await mkdtemp(join(tmpdir(), 'winnow-platform-'))
  const start = () => createPlatform({ root, environments: environmentsFolder, log: createLog('silent'), ...options })
  let platform = await start()
  let clients = clientsOf(platform.port)
  const stop = async () => {
    await clients.close()
    await platform.close()
  }
  return {
    root,
    get platform() {
      return platform
    },
    get clients() {
      return clients
    },
    restart: async () => {
      await stop()
      platform = await start()
      clients = clientsOf(platform.port)
      return clients
    },
    [Symbol.asyncDispose]: async () => {
      await stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** The response of a long-running operation. */
export const finished = async <T>(started: Promise<readonly unknown[]>): Promise<T> => {
  const [operation] = await started
  const [response] = await (operation as { promise(): Promise<[T]> }).promise()
  return response
}

/** The code and message with which a call was refused; fails where it was not. */
export const refusal = async (call: Promise<unknown>): Promise<{ code: number; message: string }> => {
  try {
    await call
  } catch (error) {
    const { code, details, message } = error as { code: number; details?: string; message: string }
    return { code, message: details ?? message }
  }
  throw new Error('The call was not refused')
}
