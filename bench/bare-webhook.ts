import { createHmac, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'

// The peer of webhook-latency: checks the same signature over the same bytes and keeps nothing. Its secret is the first argument.
const secret = process.argv[2] as string
const app = Fastify({ logger: false })
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/webhooks/git', async (request, reply) => {
  const body = request.body as Buffer
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`)
  const given = Buffer.from(String(request.headers['x-winnow-signature-256']))
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return reply.code(401).send({})
  JSON.parse(body.toString('utf8'))
  return reply.code(202).send({})
})
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
