import type { DataObject } from '../../domain/batch.ts'
import { dataChange } from '../../domain/data-change.ts'
import { digestJson, shortDigest } from '../../domain/digest.ts'
import type { Sightings, WatchName } from '../../domain/feed.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import type { Store } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'

export interface LookPorts {
  readonly store: Pick<Store, 'recordChange'> & Sightings
  readonly now: () => Time
}

/** An address that a repository's data trigger watches in a source. */
export interface Watch {
  readonly source: string
  readonly repository: string
  readonly address: string
}

export const watchName = ({ source, repository, address }: Watch): WatchName =>
  `${source}/${repository}/${shortDigest(digestJson(address))}`

/** Changes that are recorded, and then remembered, together: a crash in between offers so many again. */
const width = 200

/**
 * Looks once at an address: what is there that was not there at the last look, at this generation, was written, and what
 * is not there any more was deleted. The number of objects, and of changes that were new: what another sender told of
 * already is no second change.
 */
export const lookAtAddress = async (
  { store, now }: LookPorts,
  watch: Watch,
  list: DataSource['list'],
  signal: AbortSignal,
): Promise<{ readonly objects: number; readonly told: number }> => {
  const name = watchName(watch)
  // Before the listing, so that what another process remembers meanwhile is not taken for gone.
  const known = await store.recallObjects(name)
  const objects = await list(watch.address, signal)
  const there = new Set(objects.map(({ uri }) => uri))
  const written = objects.filter(({ uri, generation }) => known.get(uri)?.generation !== generation)
  const deleted = [...known.values()].filter(({ uri }) => !there.has(uri))

  let told = 0
  const tell = async (
    news: readonly DataObject[],
    event: 'written' | 'deleted',
    keep: (told: readonly DataObject[]) => Promise<void>,
  ): Promise<void> => {
    for (let i = 0; i < news.length; i += width) {
      signal.throwIfAborted()
      const some = news.slice(i, i + width)
      const recorded = await Promise.all(
        some.map((object) =>
          store.recordChange(
            dataChange({ repository: watch.repository, pipeline: null, sender: 'poll', object, event, at: now() }),
          ),
        ),
      )
      told += recorded.filter(({ duplicate }) => !duplicate).length
      await keep(some)
    }
  }
  await tell(written, 'written', (some) => store.rememberObjects(name, some))
  await tell(deleted, 'deleted', (some) => store.forgetObjects(name, some))
  return { objects: objects.length, told }
}
