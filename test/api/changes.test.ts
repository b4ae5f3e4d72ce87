import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createArchiveFolder } from '../../src/adapters/archives/archive-folder.ts'
import { createStore, type OpenStore } from '../../src/adapters/store/store.ts'
import { changesApi } from '../../src/api/changes.ts'
import { translateErrors } from '../../src/api/http-errors.ts'
import { endChange } from '../../src/domain/change.ts'
import { silentLog } from '../../src/log.ts'
import { archiveEnded } from '../../src/workers/loops/keep-archives.ts'
import { makeEmbedded, openPool, type TestDatabase } from '../store/databases.ts'
import { someChange } from '../store/rows.ts'

const day = 86_400_000
const app = Fastify({ logger: false })
let database: TestDatabase
let store: OpenStore
let folder: string
let now = 20_000 * day

beforeAll(async () => {
  database = await makeEmbedded()
  store = await createStore(await openPool(database.options), () => now)
  folder = await mkdtemp(join(tmpdir(), 'winnow-archive-'))
  const archive = createArchiveFolder(folder)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  translateErrors(app, silentLog)
  await app.register(changesApi(store, archive))
  const { change } = await store.recordChange(someChange({ receivedAt: now, sender: 'github' }))
  await store.transaction((tx) => tx.update('change', endChange(change, { state: 'ignored', reason: 'no trigger' })))
  now += 100 * day
  await archiveEnded({ store, folder: archive, after: 90 * day, now: () => now }, new AbortController().signal)
  for (let i = 0; i < 5; i++) await store.recordChange(someChange({ receivedAt: now, sender: 'github' }))
})
afterAll(async () => {
  await app.close()
  await store.close()
  await database.dispose()
  await rm(folder, { recursive: true, force: true })
})

const get = async (url: string) => {
  const response = await app.inject({ url })
  return { status: response.statusCode, body: response.json() }
}
const ids = (body: { changes: { id: number }[] }) => body.changes.map(({ id }) => id)

describe('GET /changes', () => {
  it('lists pages, newest first, each saying where the next one begins', async () => {
    const first = await get('/changes?limit=3')
    expect(first).toMatchObject({ status: 200, body: { next: 4, sum: { recorded: 5, archived: 1 } } })
    const second = await get(`/changes?limit=3&cursor=${first.body.next}`)
    expect([...ids(first.body), ...ids(second.body)]).toEqual([6, 5, 4, 3, 2])
    expect(second.body.next).toBeNull()
  })

  it('lists and shows what is in archives', async () => {
    const { body } = await get('/changes?archived=true&state=ignored')
    expect(body.changes).toMatchObject([{ id: 1, state: 'ignored', reason: 'no trigger', sender: 'github' }])
    expect((await get('/changes/1')).body).toMatchObject({ change: { id: 1 }, history: [{ to: 'recorded' }] })
    expect((await get('/changes/1/trace')).body).toMatchObject({ change: { kind: 'change', id: 1, state: 'ignored' } })
    expect((await get('/changes/99')).status).toBe(404)
  })

  it.each([
    ['/changes?stat=ignored', /there is no filter stat; did you mean state\?/],
    ['/changes?colour=red', /there is no filter colour/],
    ['/changes?state=odd', /state.*expected one of "recorded"/],
    ['/changes?limit=0', /limit/],
    ['/changes?cursor=x', /cursor/],
    ['/changes?since=yesterday', /since/],
    ['/changes?by=colour', /by/],
    ['/changes?archived=true&author=ada', /archived changes are not found by author/],
    ['/changes/report?until=5', /until/],
  ])('refuses %s', async (url, words) => {
    const { status, body } = await get(url)
    expect(status).toBe(400)
    expect(body.error.details.join()).toMatch(words)
  })
})

it('reports an account that matches, and one that does not', async () => {
  expect((await get('/changes/report')).body).toMatchObject({
    matches: true,
    acknowledged: 6,
    outcomes: { open: 5, 'archived ignored': 1 },
  })
  expect((await get(`/changes/report?since=${now}`)).body).toMatchObject({ matches: true, acknowledged: 5 })
})
