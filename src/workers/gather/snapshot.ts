import { type DataObject, isOlder, objectName } from '../../domain/batch.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import type { Run } from '../../domain/run.ts'

export interface SnapshotPorts {
  /** Where a repository's data lies, whatever the scheme of its address. */
  readonly source: (repository: string) => DataSource
}

/** An object of a manifest that is another one now, or gone. */
export interface Changed {
  readonly pinned: DataObject
  readonly found: DataObject | undefined
}

/** How many objects are looked at at once. */
const width = 16

export interface Looked {
  readonly changed: readonly Changed[]
  /** What nothing in the config can look at: whoever told of it has to be believed. */
  readonly unseen: readonly DataObject[]
}

/** Looks whether the objects of a run's manifest are still what they were when it was written. Faults are the source's. */
export const lookAgain = async (
  { source }: SnapshotPorts,
  { repository, manifest }: Pick<Run, 'repository' | 'manifest'>,
  signal: AbortSignal,
): Promise<Looked> => {
  const from = source(repository)
  const sees = ({ uri }: DataObject): boolean => from.reads?.(uri) ?? true
  const seen = manifest.filter(sees)
  const looked = await atOnce(seen, async (pinned) => ({ pinned, found: await from.find(pinned.uri, signal) }))
  const changed = looked.filter(({ pinned, found }) => found === undefined || !isSame(pinned, found))
  return { changed, unseen: manifest.filter((object) => !sees(object)) }
}

/** Some at a time, in their order. */
export const atOnce = async <T, R>(all: readonly T[], look: (one: T) => Promise<R>): Promise<readonly R[]> => {
  const looked: R[] = []
  for (let i = 0; i < all.length; i += width) looked.push(...(await Promise.all(all.slice(i, i + width).map(look))))
  return looked
}

/** A source that answers with an older generation than was told lags behind, and shows nothing new. */
const isSame = (pinned: DataObject, found: DataObject): boolean =>
  pinned.generation === found.generation
    ? pinned.checksum === undefined ||
      found.checksum === undefined ||
      algorithmOf(pinned.checksum) !== algorithmOf(found.checksum) ||
      pinned.checksum === found.checksum
    : isOlder(found, pinned)

const algorithmOf = (checksum: string): string => checksum.slice(0, checksum.indexOf(':'))

/** `file:/a.csv is at generation 2 now, not 1` */
export const describeChanged = ({ pinned, found }: Changed): string =>
  found === undefined
    ? `${objectName(pinned)} is not there any more`
    : found.generation === pinned.generation
      ? `${objectName(pinned)} has other content now`
      : `${pinned.uri} is at generation ${found.generation} now, not ${pinned.generation}`
