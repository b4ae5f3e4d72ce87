import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../log.ts'
import { lockFolder } from '../processes/folder-lock.ts'
import { createPythonEnvironments } from '../processes/python-environments.ts'
import { createAddresses } from './addresses.ts'
import { listenGrpc } from './api/grpc-server.ts'
import { createHandlers, type Handlers, openCollections } from './api/handlers.ts'
import { vertexRest } from './api/rest/rest-face.ts'
import { readSchema } from './api/schema.ts'
import { callServices } from './call-services.ts'
import { findNativeComponent } from './components/catalogue.ts'
import { createDeployments } from './deployments.ts'
import type { ContainerMode } from './engine/containers/containers.ts'
import { createJobEngine, type Engine } from './engine/job-engine.ts'
import { openIsolation, type SandboxMode } from './engine/open-isolation.ts'
import { type Face, listenHttp } from './http/http-server.ts'
import { kfpApi, kfpHealth } from './kfp-api/kfp-api.ts'
import { createModelStore } from './model-store.ts'
import { createOperations } from './operations.ts'
import { createPipelineJobs } from './pipeline-jobs.ts'
import { createRecords } from './records.ts'
import { createRequestLog } from './request-log.ts'
import type { PlatformServices } from './services.ts'
import { createModelServer } from './serving/model-server.ts'

export interface PlatformOptions {
  /** The platform's folder: records, model files, jobs. One process at a time may use it. */
  readonly root: string
  /** Default: 127.0.0.1 and any free port. */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Of the HTTP faces. Default: 127.0.0.1 and any free port. */
  readonly http?: { readonly host: string; readonly port: number }
  /** Addresses to local paths; see createAddresses. Relative paths start at `root`. */
  readonly addresses?: Readonly<Record<string, string>>
  /** The interpreter that environments are made with; default: the best that is found. */
  readonly python?: string
  /** Where Python environments are kept; default: inside `root`. */
  readonly environments?: string
  /** How plain container components are run. Default: by docker or podman where one answers, else refused. */
  readonly containers?: ContainerMode
  /** Keeps the processes of tasks from the rest of this machine, by bubblewrap. Default: where it works. */
  readonly sandbox?: SandboxMode
  /** Further folders that no task may see: the controller's. */
  readonly hidden?: readonly string[]
  /** Folders that every task may read wherever they lie, besides those that addresses lead to. */
  readonly readable?: readonly string[]
  /** `none`: tasks reach nothing, the platform included. Default: `allow`. */
  readonly network?: 'allow' | 'none'
  /** The longest that one attempt at a task may take, in milliseconds. Default: for ever. */
  readonly taskTimeoutMs?: number
  /** `own`: prebuilt components run by Google's code, led here. Default: by the platform itself, as far as it can. */
  readonly prebuilt?: 'native' | 'own'
  /** What a client should call this place, given back as `parent`; any other is served too. */
  readonly project?: string
  readonly location?: string
  /** How many tasks run at once. */
  readonly parallelism?: number
  /** From 0 up to but not including 1: splits the traffic of endpoints. */
  readonly random?: () => number
  readonly log: Log
}

export interface Platform {
  /** Of the gRPC face. */
  readonly port: number
  readonly httpPort: number
  /** `projects/P/locations/L` */
  readonly parent: string
  readonly services: PlatformServices
  /** Takes no new calls, stops what runs so that the next start goes on with it, and writes everything down. */
  close(): Promise<void>
}

/**
 * One machine's Vertex AI on a port of loopback, and its HTTP faces on another. What an earlier process left undone
 * (jobs, operations, batches) goes on. Faults: `port_taken`, `disk_full`, `store_unavailable`, `data_folder_locked`.
 */
export const createPlatform = async (options: PlatformOptions): Promise<Platform> => {
  const { root, log, project = 'local', location = 'local', random = Math.random } = options
  const { host, port } = options.listen ?? { host: '127.0.0.1', port: 0 }
  const { host: httpHost, port: httpPort } = options.http ?? { host: '127.0.0.1', port: 0 }
  await mkdir(root, { recursive: true })
  const lock = await lockFolder(root)
  const addresses = createAddresses({ map: options.addresses ?? {}, root, tables: join(root, 'tables') })
  const environmentFolder = options.environments ?? join(root, 'environments')
  const mapped = Object.keys(options.addresses ?? {}).map((address) => addresses.resolve(address))
  const isolation = await openIsolation({
    root,
    containers: options.containers ?? 'auto',
    sandbox: options.sandbox ?? 'auto',
    network: options.network !== 'none',
    hidden: [root, ...(options.hidden ?? [])],
    readable: [environmentFolder, ...mapped, ...(options.readable ?? [])],
    artifacts: [join(root, 'artifacts'), join(root, 'tables')],
    log: (message, fields) => log.info(fields, message),
  }).catch(async (fault: unknown) => {
    await lock.release()
    throw fault
  })
  const records = createRecords(join(root, 'records'))
  const collections = await openCollections(records)
  const environments = createPythonEnvironments({
    folder: environmentFolder,
    ...(options.python === undefined ? {} : { python: options.python }),
  })
  const store = createModelStore(join(root, 'models'))
  const server = createModelServer()
  const deployments = createDeployments({ models: collections.models, store, server })
  const requestLog = createRequestLog({ addresses, random, log })
  const operations = createOperations(collections.operationRecords, Date.now)
  // The engine's tasks call the handlers, and the handlers start the engine's jobs: one of the two must be late.
  let handlers: Handlers | undefined
  let engine: Engine | undefined
  let bound = port
  let httpBound = 0
  const parent = `projects/${project}/locations/${location}`
  const services = callServices(() => handlers?.table ?? {}, operations)
  const pipelineJobs = createPipelineJobs({
    jobs: collections.jobs,
    startEngine: (onUpdate) => {
      engine = createJobEngine({
        root,
        environments,
        nodePackagesFolder: join(environmentFolder, 'node'),
        findNative: options.prebuilt === 'own' ? () => undefined : findNativeComponent,
        services,
        addresses,
        vertexEndpoint: () => `${host}:${bound}`,
        restEndpoint: () => `http://${httpHost}:${httpBound}`,
        ...isolation,
        network: options.network !== 'none',
        ...(options.taskTimeoutMs === undefined ? {} : { taskTimeoutMs: options.taskTimeoutMs }),
        ...(options.parallelism === undefined ? {} : { parallelism: options.parallelism }),
        log: (message, fields) => log.info(fields, message),
        onUpdate,
      })
      return engine
    },
    now: Date.now,
    log,
  })
  const made = createHandlers({
    collections,
    pipelineJobs,
    operations,
    addresses,
    store,
    deployments,
    requestLog,
    now: Date.now,
    random,
  })
  handlers = made

  // The port must be known before the jobs go on, since their tasks call it; but nobody is answered before they do.
  let open = () => {}
  const ready = new Promise<void>((resolve) => {
    open = resolve
  })
  const closeInside = async (): Promise<void> => {
    await engine?.close()
    await made.close()
    await requestLog.close()
    await server.close()
    await records.close()
    await lock.release()
  }
  const schema = readSchema()
  const grpc = await listenGrpc(made.table, { schema, host, port, log, ready }).catch(async (error) => {
    await closeInside()
    throw error
  })
  bound = grpc.port
  // What is mounted on the HTTP port: one line for each face.
  const rest = { handlers: made.table, schema, log }
  const faces: readonly Face[] = [
    { prefix: '/v1', plugin: vertexRest('v1', rest) },
    // Where the Python SDK looks for operations when it speaks REST.
    { prefix: '/ui', plugin: vertexRest('v1', rest) },
    { prefix: '/v1beta1', plugin: vertexRest('v1beta1', rest) },
    { prefix: '/apis/v2beta1', plugin: kfpApi({ records, pipelineJobs, addresses, parent, now: Date.now, log }) },
    { prefix: '/apis/v1beta1', plugin: kfpHealth(log) },
  ]
  const http = await listenHttp(faces, { host: httpHost, port: httpPort, log, ready }).catch(async (error) => {
    await Promise.allSettled([grpc.close(0), closeInside()])
    throw error
  })
  httpBound = http.port
  try {
    await made.resume()
    await pipelineJobs.resume()
  } catch (error) {
    await Promise.allSettled([grpc.close(0), http.close(0), closeInside()])
    throw error
  }
  open()
  log.info({ host, port: bound, httpPort: http.port, root }, 'the platform is ready')

  return {
    port: bound,
    httpPort: http.port,
    parent,
    services,
    close: async () => {
      await Promise.allSettled([grpc.close(), http.close(), engine?.close()])
      await closeInside()
    },
  }
}
