import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Target } from '../../../domain/ports/target.ts'
import { createArtifactFiles } from './artifact-files.ts'
import { type CallLog, createCall } from './calls.ts'
import { createClients } from './clients.ts'
import { createEndpoints } from './endpoints.ts'
import { createJobs } from './jobs.ts'
import { createServingProbe } from './measure-serving.ts'
import { createModels } from './models.ts'
import { createObservations } from './observations.ts'
import { createOperations } from './operations.ts'
import { createRequestLogs, type LogPlace } from './request-log.ts'
import { createRunTables } from './run-tables.ts'
import { createScoring } from './scoring.ts'

export interface VertexTargetOptions {
  /** The target's name in the config; messages for people use it. */
  readonly name: string
  readonly project: string
  readonly location: string
  readonly apiEndpoint: string
  readonly port?: number
  /** No TLS and no credentials: for the embedded platform on loopback only. */
  readonly insecure: boolean
  /** Where runs keep their artifacts: `gs://…`, or a folder for the embedded platform. */
  readonly pipelineRoot: string
  /** Where the requests of its endpoints are logged; without it none are read. */
  readonly requestLog?: LogPlace
  readonly serviceAccount?: string
  /** What serves a model, `n1-standard-2` unless told otherwise. */
  readonly machineType?: string
  readonly log: CallLog
}

/** Of a log only its end is read: that is where a failure says why. Bytes. */
const longestText = 1024 * 1024

/** Vertex AI as a target; the embedded platform is one on loopback. Nothing is called and nothing is loaded until it is needed. */
export const createVertexTarget = (options: VertexTargetOptions): Target & AsyncDisposable => {
  const clients = createClients(options)
  const call = createCall(options.name, options.log)
  const parent = `projects/${options.project}/locations/${options.location}`
  const account = options.serviceAccount === undefined ? {} : { serviceAccount: options.serviceAccount }
  const serving = { parent, machineType: options.machineType ?? 'n1-standard-2', ...account }
  const endpoints = createEndpoints(clients, call, serving)
  const operation = createOperations(clients, call)
  return {
    ...createJobs(clients, call, {
      parent,
      pipelineRoot: options.pipelineRoot,
      takesPlatformSpec: options.insecure,
      ...account,
    }),
    ...createModels(clients, call, parent),
    ...endpoints,
    ...createScoring(clients, call, { ...serving, pipelineRoot: options.pipelineRoot }),
    ...createServingProbe(clients, call, { ...endpoints, operation }),
    ...createRequestLogs(clients, call, options.requestLog),
    ...createArtifactFiles(options.insecure),
    observations: createObservations(clients, call),
    tables: createRunTables(clients, call),
    operation,
    // A file is named by the target, so it is read only where the target is this machine.
    readText: async (uri) => (options.insecure && uri.startsWith('file:') ? readTail(fileURLToPath(uri)) : undefined),
    [Symbol.asyncDispose]: () => clients.close(),
  }
}

const readTail = async (path: string): Promise<string | undefined> => {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const length = Math.min(size, longestText)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
