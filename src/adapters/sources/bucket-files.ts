import { Fault } from '../../domain/errors.ts'
import { parseObjectAddress } from './bucket-address.ts'
import { type Patience, refused } from './calls.ts'
import { createGoogleRest } from './google-rest.ts'
import { createS3Request, type S3Options, s3Path } from './s3-request.ts'

/** Writes JSON to an address of a bucket, for files whose names say what is in them: one that is there already is the same. */
export type PutFile = (uri: string, text: string, signal: AbortSignal) => Promise<void>

/**
 * Files of Winnow's own in buckets (`gs://`, `s3://`), whole or not there at all. Needs storage.objects.create, or s3:PutObject.
 * Faults: source_unavailable, source_refused.
 */
export const createBucketFiles = (
  options: Pick<S3Options, 'endpoint' | 'region' | 'credentials'> & { readonly patience?: Patience },
): PutFile => {
  const writers = { gs: toCloudStorage(options), s3: toS3(options) }
  return (uri, text, signal) => {
    const scheme = uri.split(':', 1)[0] ?? ''
    if (Object.hasOwn(writers, scheme)) return writers[scheme as keyof typeof writers](uri, text, signal)
    throw new Fault('declaration_invalid', `${JSON.stringify(uri)} is no address of a bucket`)
  }
}

const toCloudStorage = ({ endpoint, patience }: { endpoint?: string | undefined; patience?: Patience }): PutFile => {
  const call = createGoogleRest({
    endpoint: endpoint ?? 'https://storage.googleapis.com',
    scopes: ['https://www.googleapis.com/auth/devstorage.read_write'],
    answers: [404, preconditionFailed],
    remedy: 'Grant the account that Winnow runs as storage.objects.create there.',
    ...(patience === undefined ? {} : { patience }),
  })
  return async (uri, text, signal) => {
    const { bucket, name } = parseObjectAddress(uri)
    // Only where there is none: that asks for no right to delete, and an object under a hold is no obstacle.
    const query = { uploadType: 'media', name, ifGenerationMatch: '0' }
    const { status } = await call(`/upload/storage/v1/b/${bucket}/o`, query, uri, signal, text)
    if (status === 404) throw noBucket(uri, bucket)
  }
}

const preconditionFailed = 412

const toS3 = (options: S3Options): PutFile => {
  const request = createS3Request({ ...options, remedy: 'Grant these credentials s3:PutObject there.' })
  return async (uri, text, signal) => {
    const { bucket, name } = parseObjectAddress(uri)
    const put = { method: 'PUT', bucket, path: s3Path(name), address: uri, body: text } as const
    const { status } = await request(put, signal)
    if (status === 404) throw noBucket(uri, bucket)
  }
}

const noBucket = (uri: string, bucket: string): Fault =>
  refused(uri, `there is no bucket ${bucket}`, 'Make the bucket, or correct the address in the config.')
