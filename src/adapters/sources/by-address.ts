import { isWithinAddress } from '../../declarations/data-address.ts'
import { containsAddress } from '../../domain/data-address.ts'
import { Fault } from '../../domain/errors.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import { createBigQuery } from './bigquery.ts'
import { createCloudStorage } from './cloud-storage.ts'
import { createS3 } from './s3.ts'
import type { S3Options } from './s3-request.ts'

/** A source that reads what the config lets it speak for. */
export interface ReadableSource {
  readonly addresses: readonly string[]
  readonly reader: DataSource
}

/** Reads objects and tables of any kind, by the beginning of their address. */
export const createSourceReader = (options: Pick<S3Options, 'endpoint' | 'region' | 'credentials'>): DataSource => {
  const { endpoint } = options
  const readers = { gs: createCloudStorage({ endpoint }), s3: createS3(options), bq: createBigQuery({ endpoint }) }
  const readerOf = (uri: string): DataSource => {
    const scheme = uri.split(':', 1)[0] ?? ''
    if (Object.hasOwn(readers, scheme)) return readers[scheme as keyof typeof readers]
    throw new Fault('declaration_invalid', `${JSON.stringify(uri)} is no address of data`)
  }
  return {
    list: async (uri, signal) => readerOf(uri).list(uri, signal),
    find: async (uri, signal) => readerOf(uri).find(uri, signal),
  }
}

/** One source of data made of a repository's folders and the sources that the config lets it ask. */
export const createSourceByAddress = (folders: DataSource, sources: readonly ReadableSource[]): DataSource => {
  const findReader = (uri: string, contains: (address: string) => boolean): DataSource | undefined =>
    uri.startsWith('file:') ? folders : sources.find(({ addresses }) => addresses.some(contains))?.reader
  const readerOf = (uri: string, contains: (address: string) => boolean): DataSource => {
    const found = findReader(uri, contains)
    if (found !== undefined) return found
    throw new Fault('source_refused', `${uri} lies in no source that the repository may ask`, {
      remedy: 'Name the repository, and an address that contains it, in a source of the config.',
    })
  }
  const contains =
    (uri: string) =>
    (address: string): boolean =>
      containsAddress(address, uri)
  return {
    list: async (uri, signal) => readerOf(uri, (address) => isWithinAddress(uri, address)).list(uri, signal),
    find: async (uri, signal) => readerOf(uri, contains(uri)).find(uri, signal),
    reads: (uri) => {
      const reader = findReader(uri, contains(uri))
      return reader !== undefined && (reader.reads?.(uri) ?? true)
    },
  }
}
