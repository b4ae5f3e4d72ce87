import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ObjectEvent } from './object-events.ts'

/** A bucket that answers what Winnow asks before it launches a run: is the object still what was told? */
export interface BucketServer {
  readonly endpoint: string
  /** The object is there from now on, unless a newer one is. */
  readonly put: (event: ObjectEvent) => void
  readonly close: () => Promise<void>
}

const etag = 'e'.repeat(32)

/** Speaks Cloud Storage's JSON API and S3's, as far as one object goes. */
export const openBucketServer = async (): Promise<BucketServer> => {
  const objects = new Map<string, ObjectEvent>()
  const server = createServer((request, response) => answer(objects, request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    put: (event) => {
      const key = `${event.bucket}/${event.name}`
      if (event.kind === 'written' && objects.get(key)?.newer !== true) objects.set(key, event)
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const answer = (
  objects: ReadonlyMap<string, ObjectEvent>,
  request: IncomingMessage,
  response: ServerResponse,
): void => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://bucket')
  if (searchParams.has('versioning'))
    return void response.end('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>')
  const [, bucket, name] = /^\/storage\/v1\/b\/([^/]+)\/o\/(.+)$/.exec(pathname) ?? []
  const object = objects.get(decodeURIComponent(bucket === undefined ? pathname.slice(1) : `${bucket}/${name}`))
  if (object === undefined) return void response.writeHead(404).end()
  const { generation, size } = object
  if (bucket !== undefined) {
    response.setHeader('content-type', 'application/json')
    return void response.end(JSON.stringify({ name: object.name, generation, size: String(size) }))
  }
  response.writeHead(200, { etag: `"${etag}"`, 'content-length': size, 'x-amz-version-id': generation }).end()
}
