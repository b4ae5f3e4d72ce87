import type { Json } from '../domain/json.ts'
import { digestOf, findVersion, type ModelRecord } from './model-records.ts'
import type { ModelStore } from './model-store.ts'
import type { Collection } from './records.ts'
import type { Model } from './resources.ts'
import type { ModelServer, ServedModel } from './serving/model-server.ts'
import { statusError } from './status.ts'

/** Models in memory, one for each version that is used, however many endpoints use it. */
export interface Deployments {
  /** Loads a version, or waits for its load. Fails as ModelServer.load does, FAILED_PRECONDITION where it has no files. */
  load(model: string, version: string): Promise<void>
  /** The version in memory: for what `predict` does not tell. Only `predict` keeps it from being unloaded. */
  served(model: string, version: string): Promise<ServedModel>
  /** Loads where needed (after a restart) and predicts. */
  predict(model: string, version: string, instances: readonly Json[], signal: AbortSignal): Promise<readonly Json[]>
  /** Frees the version once its last prediction has been answered. */
  unload(model: string, version: string): Promise<void>
}

interface Loaded {
  readonly served: Promise<ServedModel>
  readonly busy: Set<Promise<unknown>>
}

export const createDeployments = ({
  models,
  store,
  server,
}: {
  models: Collection<ModelRecord>
  store: ModelStore
  server: ModelServer
}): Deployments => {
  const loaded = new Map<string, Loaded>()

  const open = (model: string, version: string): Loaded => {
    const key = `${model}@${version}`
    const known = loaded.get(key)
    if (known) return known
    const served = server.load(store.folderOf(filesOf(findVersion(models, key))))
    const entry = { served, busy: new Set<Promise<unknown>>() }
    loaded.set(key, entry)
    // A load that failed may succeed the next time.
    served.catch(() => loaded.get(key) === entry && loaded.delete(key))
    return entry
  }

  return {
    load: async (model, version) => {
      await open(model, version).served
    },
    served: async (model, version) => open(model, version).served,
    predict: async (model, version, instances, signal) => {
      const { served, busy } = open(model, version)
      const answer = served.then((ready) => ready.predict(instances, signal))
      busy.add(answer)
      try {
        return await answer
      } finally {
        busy.delete(answer)
      }
    },
    unload: async (model, version) => {
      const key = `${model}@${version}`
      const entry = loaded.get(key)
      if (!entry) return
      loaded.delete(key)
      await Promise.allSettled(entry.busy)
      const served = await entry.served.catch(() => undefined)
      await served?.unload()
    },
  }
}

const filesOf = (model: Model) => {
  const digest = digestOf(model)
  if (digest) return digest
  throw statusError(
    'FAILED_PRECONDITION',
    `${model.name}@${model.versionId} has no files to serve: it was uploaded without artifactUri`,
  )
}
