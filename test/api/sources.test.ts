import Fastify from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { expect, it } from 'vitest'
import { translateErrors } from '../../src/api/http-errors.ts'
import { type SourcesPorts, sourcesApi } from '../../src/api/sources.ts'
import type { Feed, RefusedMessage } from '../../src/domain/feed.ts'
import { createLog } from '../../src/log.ts'

const feed: Feed = {
  source: 'incoming',
  kind: 'pull',
  state: 'failing',
  since: 10,
  lastSuccess: 5,
  lastFault: { code: 'source_refused', message: 'no', at: 20 },
  objects: null,
  told: 3,
  refused: 1,
}
const message: RefusedMessage = {
  source: 'incoming',
  kind: 'pull',
  id: '7',
  at: 15,
  publishedAt: 14,
  reason: 'data: is no JSON',
  attributes: {},
  body: 'hello',
}
const ports: SourcesPorts = {
  store: {
    feeds: async () => [feed, { ...feed, source: 'taken out of the config' }],
    refusedMessages: async (source, limit) => (source === 'incoming' ? [message].slice(0, limit) : []),
  },
  sources: [
    {
      name: 'incoming',
      kind: 'gcs',
      addresses: ['gs://acme-beans/'],
      repositories: ['beans'],
      poll: 60_000,
      pull: { subscription: 'projects/acme/subscriptions/winnow' },
    },
    { name: 'telling', kind: 'events', addresses: ['gs://acme-beans/'], repositories: ['beans'] },
  ],
}

const get = async (url: string) => {
  const app = Fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  translateErrors(app, createLog('silent'))
  await app.register(sourcesApi(ports))
  const response = await app.inject(url)
  await app.close()
  return { status: response.statusCode, body: response.json() }
}

it('says of each source of the config how it is asked, and how that stands', async () => {
  const { body } = await get('/sources')
  expect(body.sources.map(({ name }: { name: string }) => name)).toEqual(['incoming', 'telling'])
  const [incoming, telling] = body.sources
  expect(incoming.feeds).toEqual([
    expect.objectContaining({
      kind: 'poll',
      state: 'waiting',
      lastSuccess: null,
      of: 'gs://acme-beans/',
      every: 60_000,
    }),
    { ...feed, of: 'projects/acme/subscriptions/winnow', every: null },
  ])
  expect(telling.feeds).toEqual([])
})

it('shows what one said in vain', async () => {
  expect((await get('/sources/incoming')).body.refused).toEqual([message])
  expect((await get('/sources/telling')).body.refused).toEqual([])
})

it('names the sources that there are to who asks for another', async () => {
  const { status, body } = await get('/sources/incomming')
  expect(status).toBe(404)
  expect(body.error).toMatchObject({ code: 'not_found', remedy: 'Sources are: incoming, telling.' })
  expect((await get('/sources/incoming?limit=0')).status).toBe(400)
})
