import { join } from 'node:path'
import { createManifests } from './adapters/manifests/manifests.ts'
import { createBigQuerySql } from './adapters/sources/bigquery-sql.ts'
import { createBucketFiles } from './adapters/sources/bucket-files.ts'
import { createVertexTarget } from './adapters/targets/vertex/target.ts'
import { type Config, type Secrets, sourceWith } from './config.ts'
import { Fault } from './domain/errors.ts'
import type { ManifestFiles } from './domain/ports/data.ts'
import type { Target } from './domain/ports/target.ts'
import type { Log } from './log.ts'
import { createPlatform, type Platform } from './platform/platform.ts'

export interface Targets extends AsyncDisposable {
  readonly byName: ReadonlyMap<string, Target>
  readonly isLocal: (name: string) => boolean
  /** The embedded platform, where a target is local and this process has a worker's role. */
  readonly platform: Platform | undefined
}

/** Every target of the config, and the embedded platform where one of them is local. `local` is Vertex AI on loopback. */
export const openTargets = async (config: Config, log: Log): Promise<Targets> => {
  const isLocal = (name: string): boolean => config.targets[name]?.kind === 'local'
  const wanted = Object.keys(config.targets).some(isLocal)
  // A process that only takes webhooks calls the platform of the worker beside it.
  const platform = wanted && config.role !== 'web' ? await openPlatform(config, log) : undefined
  const port = platform?.port ?? config.platform.port
  if (wanted && port === 0)
    throw new Fault('config_invalid', 'The role web needs to know where the platform of the worker listens', {
      remedy: 'Set platform.port to the same port for both processes.',
    })
  const byName = new Map(
    Object.entries(config.targets).map(([name, target]) => {
      const common = { name, log: log.child({ target: name }) }
      if (target.kind === 'vertex') {
        const { project, location, pipelineRoot, serviceAccount } = target
        return [
          name,
          createVertexTarget({
            ...common,
            project,
            location,
            apiEndpoint: `${location}-aiplatform.googleapis.com`,
            insecure: false,
            pipelineRoot,
            requestLog: { kind: 'warehouse', warehouse: createBigQuerySql({ project }) },
            ...(serviceAccount === undefined ? {} : { serviceAccount }),
          }),
        ] as const
      }
      return [
        name,
        createVertexTarget({
          ...common,
          project: 'local',
          location: 'local',
          apiEndpoint: '127.0.0.1',
          port,
          insecure: true,
          pipelineRoot: join(config.dataFolder, 'artifacts'),
          requestLog: { kind: 'folder', folder: join(config.dataFolder, 'platform', 'tables') },
        }),
      ] as const
    }),
  )
  return {
    byName,
    isLocal,
    platform,
    [Symbol.asyncDispose]: async () => {
      for (const target of byName.values()) await target[Symbol.asyncDispose]()
      await platform?.close()
    },
  }
}

/** Where the manifests of runs on this machine lie: their tasks may read them. */
const manifestFolderOf = ({ dataFolder }: Config): string => join(dataFolder, 'manifests')

/** Manifests where the runs of each target read: a bucket is reached as the source of the config is that has its address. */
export const openManifests = (config: Config, secrets: Secrets, isLocal: Targets['isLocal']): ManifestFiles =>
  createManifests({
    folder: manifestFolderOf(config),
    isLocal,
    bucketOf: (name) => {
      const target = config.targets[name]
      return target?.kind === 'vertex' ? (target.manifests ?? target.pipelineRoot) : undefined
    },
    putFile: (uri, text, signal) => {
      const source = sourceWith(config, uri)
      const { endpoint, region } = (source === undefined ? undefined : config.sources[source]) ?? {}
      const credentials = source === undefined ? undefined : secrets.sources[source]?.credentials
      return createBucketFiles({ endpoint, region, credentials })(uri, text, signal)
    },
  })

const secretFiles = ({ repositories }: Config): readonly string[] =>
  Object.values(repositories)
    .flatMap(({ secrets, accessToken }) => [...secrets, ...(accessToken === undefined ? [] : [accessToken])])
    .flatMap((reference) => ('file' in reference ? [reference.file] : []))

const openPlatform = (config: Config, log: Log): Promise<Platform> =>
  createPlatform({
    root: join(config.dataFolder, 'platform'),
    listen: { host: '127.0.0.1', port: config.platform.port },
    http: { host: '127.0.0.1', port: config.platform.httpPort },
    addresses: config.platform.addresses,
    environments: join(config.dataFolder, 'python'),
    containers: config.platform.containers,
    sandbox: config.platform.sandbox,
    network: config.platform.network,
    ...(config.platform.taskTimeoutMinutes === undefined
      ? {}
      : { taskTimeoutMs: config.platform.taskTimeoutMinutes * 60_000 }),
    // Secrets may lie beside the data that tasks read.
    hidden: [config.dataFolder, ...secretFiles(config)],
    readable: [
      manifestFolderOf(config),
      ...Object.values(config.repositories).flatMap(({ dataRoot }) => dataRoot ?? []),
    ],
    ...(config.python === undefined ? {} : { python: config.python }),
    log: log.child({ room: 'platform' }),
  })
