import { matchesGlob } from '../../src/declarations/glob.ts'
import type { DataObject } from '../../src/domain/batch.ts'
import type { Fault } from '../../src/domain/errors.ts'
import type { DataSource } from '../../src/domain/ports/data.ts'

/** A source of data in memory: what is there, and what it refuses to do for now. */
export const createFakeSource = () => {
  const objects = new Map<string, DataObject>()
  const state: { fault: Fault | undefined; blind: boolean } = { fault: undefined, blind: false }
  const ask = (): void => {
    if (state.fault !== undefined) throw state.fault
  }
  const source: DataSource = {
    list: async (uri) => {
      ask()
      return [...objects.values()].filter((object) => matchesGlob(uri, object.uri))
    },
    find: async (uri) => {
      ask()
      return objects.get(uri)
    },
    reads: () => !state.blind,
  }
  const write = ({ uri, generation, size, checksum, rows }: DataObject): void => {
    objects.set(uri, {
      uri,
      generation,
      size,
      ...(checksum === undefined ? {} : { checksum }),
      ...(rows === undefined ? {} : { rows }),
    })
  }
  return {
    source,
    objects,
    state,
    write,
    remove: (uri: string): void => void objects.delete(uri),
    /** What a change says of an object is so, unless the object was written before by `write`. */
    hear: (news: DataObject & { readonly event?: 'written' | 'deleted' }): void => {
      if (news.event === 'deleted') objects.delete(news.uri)
      else write(news)
    },
  }
}
