import { globFault, literalStart } from '../../declarations/glob.ts'
import { Fault } from '../../domain/errors.ts'

export interface BucketAddress {
  readonly bucket: string
  /** Over the whole name of an object. */
  readonly pattern: string
  /** What all names that match begin with: as little as possible is listed. */
  readonly prefix: string
}

const address = /^(?:gs|s3):\/\/([a-z0-9][\w.-]{1,220}[a-z0-9])\/(.+)$/s

/** `gs://bucket/incoming/**` and `s3://…` in parts. Fault: declaration_invalid. */
export const parseBucketAddress = (uri: string): BucketAddress => {
  const [, bucket, pattern] = address.exec(uri) ?? []
  const fault = pattern === undefined ? 'it names no objects of a bucket' : globFault(pattern)
  if (bucket === undefined || pattern === undefined || fault !== undefined)
    throw new Fault('declaration_invalid', `${JSON.stringify(uri)} is no address of objects: ${fault}`, {
      remedy: 'write gs://bucket/incoming/**/*.csv, for example',
    })
  return { bucket, pattern, prefix: literalStart(pattern) }
}

/** The bucket and the exact name of one object. */
export const parseObjectAddress = (uri: string): { readonly bucket: string; readonly name: string } => {
  const [, bucket, name] = address.exec(uri) ?? []
  if (bucket === undefined || name === undefined)
    throw new Fault('declaration_invalid', `${JSON.stringify(uri)} is no address of an object`)
  return { bucket, name }
}

/** What consoles put where a folder is empty: no data, and no object that anybody wrote. */
export const isFolderMark = (name: string): boolean => name.endsWith('/')
