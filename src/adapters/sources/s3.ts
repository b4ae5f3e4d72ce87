import { globMatcher } from '../../declarations/glob.ts'
import type { DataObject } from '../../domain/batch.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import { s3Generation, unquotedEtag } from '../../domain/s3-generation.ts'
import { isFolderMark, parseBucketAddress, parseObjectAddress } from './bucket-address.ts'
import { refused, unavailable } from './calls.ts'
import { type ListingPage, readObjects, readVersioning, readVersions } from './s3-listing.ts'
import { createS3Request, type S3Options, s3Path } from './s3-request.ts'

/**
 * Objects of AWS S3, or of a store that speaks as it does (`s3://bucket/path`). In a bucket that keeps versions the
 * version that stands is listed, so that a poll names an object as a notification does. Needs s3:ListBucket,
 * s3:GetBucketVersioning and, with versions, s3:ListBucketVersions; s3:GetObject to find one.
 */
export const createS3 = (options: S3Options): DataSource => {
  const request = createS3Request(options)

  /** By bucket, as the last listing found it. */
  const versioned = new Map<string, boolean>()
  const keepsVersions = async (bucket: string, uri: string, signal: AbortSignal): Promise<boolean> => {
    // Stores that know no versions say so with one of these.
    const answers = [400, 404, 405, 501]
    const answer = await request({ method: 'GET', bucket, path: '?versioning=', address: uri, answers }, signal)
    if (answer.status === 404) throw refused(uri, `there is no bucket ${bucket}`, noSuchBucket)
    const keeps = answer.status === 200 && readVersioning(answer.body)
    versioned.set(bucket, keeps)
    return keeps
  }

  return {
    async list(uri, signal) {
      const { bucket, pattern, prefix } = parseBucketAddress(uri)
      const matches = globMatcher(pattern)
      const versions = await keepsVersions(bucket, uri, signal)
      const question = { ...(versions ? { versions: '' } : { 'list-type': '2' }), prefix, 'encoding-type': 'url' }
      const read = versions ? readVersions : readObjects
      const objects: DataObject[] = []
      let next: ListingPage['next'] = {}
      while (next !== undefined) {
        const query = new URLSearchParams({ ...question, ...next })
        const answer = await request({ method: 'GET', bucket, path: `?${query}`, address: uri }, signal)
        if (answer.status === 404) throw refused(uri, `there is no bucket ${bucket}`, noSuchBucket)
        const page = read(answer.body)
        if (page === undefined) throw unavailable(uri, `its answer is no listing: ${answer.body.slice(0, 100)}`)
        for (const { name, generation, size, etag } of page.objects)
          if (!isFolderMark(name) && matches(name))
            objects.push({ uri: `s3://${bucket}/${name}`, generation, size, checksum: `etag:${etag}` })
        next = page.next
      }
      return objects
    },

    async find(uri, signal) {
      const { bucket, name } = parseObjectAddress(uri)
      const { status, headers } = await request({ method: 'HEAD', bucket, path: s3Path(name), address: uri }, signal)
      if (status === 404) return undefined
      const etag = unquotedEtag(headers.get('etag') ?? '')
      const size = Number(headers.get('content-length') ?? 0)
      // Some stores name a version where they keep none, and in listings do not.
      const keeps = versioned.get(bucket) ?? (await keepsVersions(bucket, uri, signal))
      const versionId = keeps ? (headers.get('x-amz-version-id') ?? undefined) : undefined
      return { uri, generation: s3Generation({ versionId, etag, size }), size, checksum: `etag:${etag}` }
    },
  }
}

const noSuchBucket = 'Correct the address in winnow.yaml, or make the bucket.'
