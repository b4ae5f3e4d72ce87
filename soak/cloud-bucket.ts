import { startCloudStorage } from '../test/emulators/programs.ts'
import { makeBucket } from '../test/sources/buckets.ts'

/** An object as its bucket numbered it. */
export interface WrittenObject {
  readonly name: string
  readonly generation: string
  readonly size: number
}

/** A bucket of Cloud Storage that tells a topic of what is written and deleted. */
export interface CloudBucket {
  readonly endpoint: string
  readonly put: (name: string, text: string) => Promise<WrittenObject>
  readonly remove: (name: string) => Promise<void>
  readonly close: () => Promise<void>
}

type Topic = NonNullable<Parameters<typeof startCloudStorage>[0]>

export const openCloudBucket = async (bucket: string, { pubsub, project, topic }: Topic): Promise<CloudBucket> => {
  const server = await startCloudStorage({ pubsub, project, topic })
  await makeBucket(server.url, bucket)
  const ask = async (method: string, path: string, body?: string): Promise<Response> => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'text/csv' } }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`)
    return response
  }
  return {
    endpoint: server.url,
    put: async (name, text) => {
      const query = new URLSearchParams({ uploadType: 'media', name })
      const response = await ask('POST', `/upload/storage/v1/b/${bucket}/o?${query}`, text)
      const { generation, size } = (await response.json()) as { generation: string; size: string }
      return { name, generation, size: Number(size) }
    },
    remove: async (name) => {
      await (await ask('DELETE', `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`)).arrayBuffer()
    },
    close: server.stop,
  }
}
