import { z } from 'zod'
import { globMatcher } from '../../declarations/glob.ts'
import type { DataObject } from '../../domain/batch.ts'
import type { DataSource } from '../../domain/ports/data.ts'
import { isFolderMark, parseBucketAddress, parseObjectAddress } from './bucket-address.ts'
import { type Patience, refused } from './calls.ts'
import { createGoogleRest } from './google-rest.ts'
import { readAnswer } from './read-answer.ts'

const item = z.object({
  name: z.string(),
  generation: z.string(),
  size: z.coerce.number().default(0),
  crc32c: z.string().optional(),
})
const page = z.object({ items: z.array(item).default([]), nextPageToken: z.string().optional() })

const fields = 'name,generation,size,crc32c'

/**
 * Objects of Cloud Storage (`gs://bucket/path`) over its JSON API. An object is there whole or not at all, so whatever
 * is listed is complete. Needs storage.objects.list, and storage.objects.get to find one.
 */
export const createCloudStorage = (
  options: { readonly endpoint?: string | undefined; readonly patience?: Patience } = {},
): DataSource => {
  const get = createGoogleRest({
    ...options,
    endpoint: options.endpoint ?? 'https://storage.googleapis.com',
    scopes: ['https://www.googleapis.com/auth/devstorage.read_only'],
  })

  return {
    async list(uri, signal) {
      const { bucket, pattern, prefix } = parseBucketAddress(uri)
      const matches = globMatcher(pattern)
      const objects: DataObject[] = []
      let pageToken: string | undefined
      do {
        const query = { prefix, maxResults: '1000', fields: `nextPageToken,items(${fields})` }
        const answer = await get(
          `/storage/v1/b/${bucket}/o`,
          pageToken === undefined ? query : { ...query, pageToken },
          uri,
          signal,
        )
        if (answer.status === 404) throw refused(uri, `there is no bucket ${bucket}`, noSuchBucket)
        const { items, nextPageToken } = readAnswer(page, answer, uri)
        for (const found of items)
          if (!isFolderMark(found.name) && matches(found.name)) objects.push(toObject(bucket, found))
        pageToken = nextPageToken
      } while (pageToken !== undefined)
      return objects
    },

    async find(uri, signal) {
      const { bucket, name } = parseObjectAddress(uri)
      const answer = await get(`/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`, { fields }, uri, signal)
      return answer.status === 404 ? undefined : toObject(bucket, readAnswer(item, answer, uri))
    },
  }
}

const noSuchBucket = 'Correct the address in winnow.yaml, or make the bucket.'

const toObject = (bucket: string, { name, generation, size, crc32c }: z.infer<typeof item>): DataObject => ({
  uri: `gs://${bucket}/${name}`,
  generation,
  size,
  ...(crc32c === undefined ? {} : { checksum: `crc32c:${crc32c}` }),
})
