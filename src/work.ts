import type { ArchiveFolder, ArchiveLedger } from './domain/archive.ts'
import type { FeedLedger, Sightings } from './domain/feed.ts'
import type { Compiler } from './domain/ports/compiler.ts'
import type { DataSource, ManifestFiles } from './domain/ports/data.ts'
import type { RepositoryHost } from './domain/ports/host.ts'
import type { Store } from './domain/ports/store.ts'
import type { Target } from './domain/ports/target.ts'
import type { Queue, WorkLedger } from './domain/ports/work.ts'
import type { Duration, Time } from './domain/time.ts'
import type { Judging } from './judging/port.ts'
import type { Log } from './log.ts'
import { type AskedSource, keepAsking } from './workers/loops/ask-sources.ts'
import { keepArchives } from './workers/loops/keep-archives.ts'
import { keepSchedules } from './workers/loops/keep-schedules.ts'
import { createFolderWatch } from './workers/loops/observe-folder.ts'
import { keepPolling } from './workers/loops/poll-refs.ts'
import type { Bounds } from './workers/running/bounds.ts'
import { createReconciler } from './workers/running/reconciler.ts'
import { createRelay } from './workers/running/relay.ts'
import { createRunner } from './workers/running/runner.ts'
import { createSteps } from './workers/running/steps.ts'

export interface WorkerPorts {
  readonly store: Store & WorkLedger & ArchiveLedger & FeedLedger & Sightings
  readonly queue: Queue
  readonly host: RepositoryHost
  readonly compiler: Compiler
  /** For the code of forks; undefined where no repository asks for it. */
  readonly foreignCompiler?: Compiler
  readonly source: (repository: string) => DataSource
  readonly manifests: ManifestFiles
  /** Buckets, tables and subscriptions that are asked for what is new. */
  readonly sources: readonly AskedSource[]
  /** As the store's own, for what a sender told. */
  readonly recordTold: Store['recordChange']
  readonly target: (name: string) => Target | undefined
  readonly judging: Judging
  readonly isLocal: (target: string) => boolean
  readonly bounds: Bounds
  readonly repositories: readonly string[]
  readonly targetLimit: (target: string) => number | undefined
  /** What ended so long ago goes into the archive; undefined: nothing does. */
  readonly retention?: { readonly folder: ArchiveFolder; readonly after: Duration }
  /** How often a repository is polled for pushes; undefined: never. */
  readonly pollEvery: (repository: string) => Duration | undefined
  readonly concurrency: number
  /** True where no other process shares the store. */
  readonly embedded: boolean
  readonly version: string
  readonly now: () => Time
  readonly log: Log
}

/** The worker role: every step, the relay that feeds the queue, the reconciler behind it, and the watch over sources of data. */
export const startWork = async (ports: WorkerPorts): Promise<AsyncDisposable> => {
  const { store, queue, now, log } = ports
  const steps = createSteps(ports)
  const runner = createRunner({ store, queue, steps, now, log })
  const reconciler = createReconciler({ store, queue, now, log })
  await reconciler.start({ alone: ports.embedded })
  const relay = createRelay({ store, queue, now, log })
  await queue.work(runner.handle, ports.concurrency)
  const stop = new AbortController()
  const watching = Promise.all([
    ...keepAsking(ports, ports.sources, stop.signal),
    ...(ports.retention === undefined ? [] : [keepArchives({ ...ports, ...ports.retention }, stop.signal)]),
    ...ports.repositories.flatMap((repository) => {
      const every = ports.pollEvery(repository)
      return [
        createFolderWatch({ ...ports, repositories: [repository], source: ports.source(repository) }).run(stop.signal),
        keepSchedules(ports, repository, stop.signal),
        ...(every === undefined ? [] : [keepPolling(ports, repository, every, stop.signal)]),
      ]
    }),
  ])
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await reconciler.close()
      await watching.catch(() => {})
      await relay.close()
      // Its jobs end here; what they enqueue stays in the outbox.
      await queue.close()
    },
  }
}
