import Fastify from 'fastify'
import { expect, it } from 'vitest'
import { routing } from './http-errors.ts'

it.each([
  ['a name of 128 characters', 'a'.repeat(128), 200],
  ['one of 128 that each are encoded', '%20'.repeat(128), 200],
  ['a longer one than any', 'a'.repeat(501), 414],
  ['a broken encoding', '%zz', 400],
])('%s', async (_what, name, status) => {
  const server = Fastify(routing)
  server.get('/models/:name', async () => ({ ok: true }))
  const response = await server.inject(`/models/${name}`)
  expect(response.statusCode).toBe(status)
  if (status !== 200) expect(response.json()).toMatchObject({ error: { code: 'usage', message: expect.any(String) } })
})
