import type { FastifyInstance } from 'fastify'

const loopback = new Set(['127.0.0.1', 'localhost', '::1'])

/**
 * The platform runs code for whoever may call it, and asks for no password: a web page that is open in a browser of
 * this machine must not be able to. A page's request names its origin, or (by a name of its own that leads to
 * loopback) another host than this one. Where the platform listens beyond loopback, any host is right.
 */
export const refuseStrangers = (server: FastifyInstance, listensOn: string): void => {
  server.addHook('onRequest', async ({ headers, hostname }, reply) => {
    const bare = hostname.replace(/^\[|\]$/g, '')
    const stranger = loopback.has(listensOn) && !loopback.has(bare)
    if (headers.origin === undefined && !stranger) return
    const message =
      headers.origin === undefined
        ? `This port is for programs of this machine: call it 127.0.0.1, not ${hostname}`
        : 'This port is for programs of this machine, not for web pages'
    return reply.code(403).send({ error: { code: 403, message, status: 'PERMISSION_DENIED' } })
  })
}
