import { Fault } from '../../domain/errors.ts'
import type { DataSource } from '../../domain/ports.ts'

/** One source for all addresses of a repository: each is asked of the source of its scheme (`file`, `gs`, `s3`, `bq`). */
export const createSourceByScheme = (sources: Readonly<Record<string, DataSource>>): DataSource => {
  const sourceOf = (uri: string): DataSource | undefined => {
    const scheme = uri.slice(0, Math.max(0, uri.indexOf(':')))
    return Object.hasOwn(sources, scheme) ? sources[scheme] : undefined
  }
  const mustHave = (uri: string): DataSource => {
    const source = sourceOf(uri)
    if (source !== undefined) return source
    throw new Fault('source_refused', `nothing in the config can look at ${uri}`, {
      remedy: 'add a source that speaks for the address, under sources',
    })
  }
  return {
    list: async (uri, signal) => mustHave(uri).list(uri, signal),
    find: async (uri, signal) => mustHave(uri).find(uri, signal),
    reads: (uri) => {
      const source = sourceOf(uri)
      return source !== undefined && (source.reads?.(uri) ?? true)
    },
  }
}
