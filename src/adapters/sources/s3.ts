import { AwsClient } from 'aws4fetch'
import { globMatcher } from '../../declarations/glob.ts'
import type { DataObject } from '../../domain/batch.ts'
import type { DataSource } from '../../domain/ports.ts'
import { s3Generation, unquotedEtag } from '../../domain/s3-generation.ts'
import { isFolderMark, parseBucketAddress, parseObjectAddress } from './bucket-address.ts'
import { type Answer, ask, type Patience, refused, unavailable } from './calls.ts'
import { type ListingPage, readObjects, readVersioning, readVersions, s3Words } from './s3-listing.ts'

export interface S3Options {
  /** Without it AWS. */
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  /** Without them requests are not signed, as public buckets allow. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
  readonly patience?: Patience
}

/** Signed, so that nothing in between can put a body to a request that has none. */
const emptyBody = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/**
 * Objects of AWS S3, or of a store that speaks as it does (`s3://bucket/path`). In a bucket that keeps versions the
 * version that stands is listed, so that a poll names an object as a notification does. Needs s3:ListBucket,
 * s3:GetBucketVersioning and, with versions, s3:ListBucketVersions; s3:GetObject to find one.
 */
export const createS3 = ({ endpoint, region = 'us-east-1', credentials, patience }: S3Options): DataSource => {
  const client = credentials && new AwsClient({ ...credentials, service: 's3', region, retries: 0 })

  /** A custom endpoint is asked path-style: it seldom has a name for each bucket. Neither has AWS for those with dots. */
  const baseOf = (bucket: string): string => {
    if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, '')}/${bucket}`
    return bucket.includes('.')
      ? `https://s3.${region}.amazonaws.com/${bucket}`
      : `https://${bucket}.s3.${region}.amazonaws.com`
  }

  const request = (
    method: 'GET' | 'HEAD',
    url: string,
    address: string,
    signal: AbortSignal,
    answers: readonly number[] = [404],
  ): Promise<Answer> => {
    const attempt = async (limited: AbortSignal): Promise<Response> => {
      const headers = { 'x-amz-content-sha256': emptyBody }
      const signed = client === undefined ? url : await client.sign(url, { method, headers })
      return fetch(signed, { method, redirect: 'manual', signal: limited })
    }
    return ask({ address, attempt, wordsIn: s3Words, answers }, signal, patience)
  }

  /** By bucket, as the last listing found it. */
  const versioned = new Map<string, boolean>()
  const keepsVersions = async (bucket: string, uri: string, signal: AbortSignal): Promise<boolean> => {
    // Stores that know no versions say so with one of these.
    const answer = await request('GET', `${baseOf(bucket)}/?versioning=`, uri, signal, [400, 404, 405, 501])
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
        const answer = await request('GET', `${baseOf(bucket)}/?${query}`, uri, signal)
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
      const path = name.split('/').map(encodeURIComponent).join('/')
      const { status, headers } = await request('HEAD', `${baseOf(bucket)}/${path}`, uri, signal)
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
