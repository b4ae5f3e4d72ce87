import { type DataTrigger, watchedAddresses } from '../../declarations/data-trigger.ts'
import { objectName } from '../../domain/batch.ts'
import { dataChange } from '../../domain/data-change.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Duration, Time } from '../../domain/time.ts'
import type { Log } from '../../log.ts'
import { type DeclarationPorts, readProtectedDeclaration } from '../declaration/declaration.ts'
import { pause } from '../running/pause.ts'

export interface FolderWatchPorts extends DeclarationPorts {
  readonly store: Store
  readonly source: DataSource
  /** The repositories that the config names. */
  readonly repositories: readonly string[]
  readonly now: () => Time
  readonly log: Log
  /** Milliseconds between two looks. */
  readonly interval?: Duration
}

/** What is known of a repository: asking its host starts git, or a request, each time. */
interface Known {
  readonly folders: readonly { readonly pipeline: string; readonly uri: string }[]
  /** The newest push of its protected branch that was recorded by then. */
  readonly push: number
  /** When it is asked again though nobody tells of a push. */
  readonly until: Time
}

/** How long a repository without folders is not asked, unless its branch moves; and one that could not be read. */
const unasked: Duration = 60_000
const afterFault: Duration = 10_000

export interface FolderWatch {
  /** Looks once at every data trigger of every repository; the number of objects that were new. */
  look(signal: AbortSignal): Promise<number>
  /** Looks again and again until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * Watches the folders that data triggers of the protected branches name. Each complete object at each generation is one change,
 * however often it is seen: the listing that is remembered only spares the work of offering it to the store again.
 */
export const createFolderWatch = (ports: FolderWatchPorts): FolderWatch => {
  const { store, source, repositories, now, log, interval = 2_000 } = ports

  const lookAtTrigger = async (
    repository: string,
    pipeline: string,
    uri: string,
    signal: AbortSignal,
  ): Promise<number> => {
    const objects = await source.list(uri, signal)
    const key = `folder:${repository}:${pipeline}:${uri}`
    const known = new Set(listOf(await store.readSetting(key)))
    const fresh = objects.filter((object) => !known.has(objectName(object)))
    for (const object of fresh)
      await store.recordChange(
        dataChange({ repository, pipeline, sender: 'folder', object, event: 'written', at: now() }),
      )
    // Only after all are recorded: a crash in between offers them again, and their keys make them one change each.
    if (fresh.length > 0 || known.size !== objects.length) await store.writeSetting(key, objects.map(objectName))
    return fresh.length
  }

  const known = new Map<string, Known>()

  const newestPush = async (repository: string): Promise<number> => {
    const ref = `refs/heads/${ports.bounds(repository)?.defaultBranch ?? ''}`
    const [push] = await store.list('change', { repository, ref }, 1)
    return push?.id ?? 0
  }

  /** Read anew where folders are watched, where the protected branch moved, and now and then. */
  const foldersOf = async (repository: string, signal: AbortSignal): Promise<Known['folders']> => {
    const before = known.get(repository)
    const push = await newestPush(repository)
    if (before?.folders.length === 0 && before.push === push && now() < before.until) return []
    known.set(repository, { folders: before?.folders ?? [], push, until: now() + afterFault })
    const { declaration } = await readProtectedDeclaration(ports, repository, signal)
    const folders = declaration.ok
      ? declaration.value.pipelines.flatMap(({ name, on }) =>
          watchedFolders(on.data).map((uri) => ({ pipeline: name, uri })),
        )
      : []
    known.set(repository, { folders, push, until: now() + unasked })
    return folders
  }

  const look = async (signal: AbortSignal): Promise<number> => {
    let found = 0
    for (const repository of repositories) {
      try {
        for (const { pipeline, uri } of await foldersOf(repository, signal))
          found += await lookAtTrigger(repository, pipeline, uri, signal)
      } catch (error) {
        if (signal.aborted) throw signal.reason
        // An empty repository, a folder that is not there yet: looked at again next time.
        log.debug({ repository, reason: messageOf(error) }, 'data of a repository could not be looked at')
      }
    }
    return found
  }

  return {
    look,
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          const objects = await look(signal)
          if (objects > 0) log.info({ objects }, 'new data was seen')
        } catch (error) {
          if (signal.aborted) return
          log.warn({ error }, 'the watch over data folders met a fault')
        }
        await pause(interval, signal)
      }
    },
  }
}

/** The folders that a trigger watches; buckets and tables are looked at for a whole repository at once. */
const watchedFolders = (trigger: DataTrigger | null): readonly string[] =>
  trigger === null || !trigger.uri.startsWith('file:') ? [] : watchedAddresses(trigger)

const listOf = (setting: Json | undefined): readonly string[] =>
  Array.isArray(setting) ? setting.filter((name): name is string => typeof name === 'string') : []
