import { AwsClient } from 'aws4fetch'
import { s3Credentials, startS3 } from '../test/emulators/programs.ts'

/** A bucket of a store that speaks S3 and keeps no versions. */
export interface ObjectStore {
  readonly endpoint: string
  readonly credentials: typeof s3Credentials
  readonly put: (name: string, text: string) => Promise<void>
  readonly close: () => Promise<void>
}

export const openObjectStore = async (bucket: string): Promise<ObjectStore> => {
  const server = await startS3()
  const client = new AwsClient({ ...s3Credentials, service: 's3', region: 'us-east-1', retries: 0 })
  const put = async (path: string, body: string): Promise<void> => {
    const response = await client.fetch(`${server.url}/${path}`, { method: 'PUT', body })
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status}`)
    await response.arrayBuffer()
  }
  await put(bucket, '')
  return {
    endpoint: server.url,
    credentials: s3Credentials,
    put: (name, text) => put(`${bucket}/${name}`, text),
    close: server.stop,
  }
}
