import Fastify from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import { batchesApi } from '../../src/api/batches.ts'
import { translateErrors } from '../../src/api/http-errors.ts'
import type { DataObject } from '../../src/domain/batch.ts'
import { silentLog } from '../../src/log.ts'
import { makeEmbedded, openPool, type TestDatabase } from '../store/databases.ts'
import { insertBatch } from '../store/rows.ts'

const app = Fastify({ logger: false })
let database: TestDatabase
let store: OpenStore
let id = 0
const objects = Array.from({ length: 25 }, (_, i) => ({ uri: `gs://acme/${i}`, generation: '1', size: i }))

beforeAll(async () => {
  database = await makeEmbedded()
  store = await createStore(await openPool(database.options))
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  translateErrors(app, silentLog)
  await app.register(batchesApi(store))
  id = (await insertBatch(store, objects, { pipeline: 'beans' })).id
})
afterAll(async () => {
  await app.close()
  await store.close()
  await database.dispose()
})

const get = async (url: string) => {
  const response = await app.inject({ url })
  return { status: response.statusCode, body: response.json() }
}

it('a list has the sums of batches, and one batch says what it has by them', async () => {
  expect((await get('/batches')).body.batches).toMatchObject([{ id, pipeline: 'beans', objects: 25, bytes: 300 }])
  expect((await get(`/batches/${id}`)).body).toMatchObject({ batch: { id, sums: { objects: 25 } }, history: [] })
})

it('objects come in pages that each say where the next one begins, none twice', async () => {
  const seen: DataObject[] = []
  let next: string | null = ''
  for (let pages = 0; next !== null && pages < 9; pages++) {
    const { body } = await get(
      `/batches/${id}/objects?limit=10${next === '' ? '' : `&after=${encodeURIComponent(next)}`}`,
    )
    const uris = body.objects.map(({ uri }: DataObject) => uri)
    expect(uris).toEqual([...uris].sort())
    seen.push(...body.objects)
    next = body.next
  }
  expect(seen).toHaveLength(25)
  expect(new Set(seen.map(({ uri }) => uri)).size).toBe(25)
})

it.each([
  ['/batches/999', 404, /no batch 999/],
  ['/batches/999/objects', 404, /no batch 999/],
  ['/batches/1/objects?limit=0', 400, /limit/],
  ['/batches/1/objects?limit=5001', 400, /limit/],
  ['/batches/1/objects?before=x', 400, /before/],
  ['/batches/x/objects', 400, /id/],
])('%s is refused with %i', async (url, status, words) => {
  const answer = await get(url)
  expect(answer.status).toBe(status)
  expect(JSON.stringify(answer.body)).toMatch(words)
})

it('what is missing is to be looked for with a command that there is', async () => {
  expect((await get('/batches/999')).body.error.remedy).toBe('List them with `winnow batches`.')
})
