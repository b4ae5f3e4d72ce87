import Fastify, { type FastifyError, type FastifyPluginAsync } from 'fastify'
import { Fault } from '../../domain/errors.ts'
import type { Log } from '../../log.ts'
import { version } from '../../version.ts'
import { refuseStrangers } from './refuse-strangers.ts'

export interface HttpServer {
  readonly port: number
  /** Takes no new requests, lets those under way end, and cuts them off after `graceMs`. */
  close(graceMs?: number): Promise<void>
}

/** A face of the platform and where it is found: `{ prefix: '/apis/v2beta1', plugin }`. */
export interface Face {
  readonly prefix: string
  readonly plugin: FastifyPluginAsync
}

interface HttpOptions {
  readonly host: string
  readonly port: number
  readonly log: Log
  /** Requests wait until then. */
  readonly ready: Promise<void>
}

/** As the gRPC face: room for instances and compiled pipelines, yet bounded. */
const maxBodyBytes = 64 * 1024 * 1024

/** Puts the faces on a port. Port 0 takes any. Fault `port_taken`. */
export const listenHttp = async (
  faces: readonly Face[],
  { host, port, log, ready }: HttpOptions,
): Promise<HttpServer> => {
  // A resource's name is one path segment after another, and a model's may hold an encoded one.
  const server = Fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4_096 },
  })
  refuseStrangers(server, host)
  server.addHook('onRequest', () => ready)
  server.get('/', async () => ({
    name: 'the embedded platform of Winnow',
    version,
    faces: faces.map(({ prefix }) => prefix),
  }))
  server.get('/healthz', async () => ({ ok: true, version }))
  server.setNotFoundHandler(({ method, url }, reply) =>
    reply.code(404).send({
      error: { code: 404, message: `There is nothing at ${method} ${pathOf(url)}`, status: 'NOT_FOUND' },
    }),
  )
  server.setErrorHandler((error: FastifyError, { method, url }, reply) => {
    const code = error.statusCode ?? 500
    if (code >= 500) log.error({ method, path: pathOf(url), error }, 'the platform failed to answer')
    const status = code >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT'
    return reply.code(code).send({ error: { code, message: error.message, status } })
  })
  for (const { prefix, plugin } of faces) await server.register(plugin, { prefix })
  try {
    await server.listen({ host, port })
  } catch (cause) {
    await server.close()
    throw new Fault(
      'port_taken',
      `The platform cannot listen for HTTP on ${host}:${port}: ${(cause as Error).message}`,
      {
        remedy: `Stop what listens on port ${port}, or give the platform another HTTP port (0 takes any free one).`,
        cause,
      },
    )
  }
  return {
    port: (server.server.address() as { port: number }).port,
    close: async (graceMs = 5_000) => {
      const timer = setTimeout(() => server.server.closeAllConnections(), graceMs)
      await server.close().finally(() => clearTimeout(timer))
    },
  }
}

const pathOf = (url: string): string => url.split('?')[0] ?? url
