import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { digestBytes } from '../../src/domain/digest.ts'
import { pollRefs } from '../../src/workers/loops/poll-refs.ts'
import { createWalk, goodFiles, openWalkDatabase, repository, type Walk, type WalkDatabase } from './walk.ts'

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
}, 60_000)
afterAll(() => database?.close())
beforeEach(async () => {
  walk = await createWalk(database)
})
const poll = () => pollRefs(walk, repository, new AbortController().signal)
const deliver = (before: string, commit: string, ref = 'refs/heads/main') =>
  walk.store.recordChange({
    repository,
    cause: { kind: 'push', ref, before, commit, deleted: /^0+$/.test(commit) },
    sender: 'github',
    ref,
    author: 'octocat',
    dedupeKey: `github:${before}:${commit}:${ref}:${++deliveries}`,
    bodyDigest: digestBytes(commit),
    receivedAt: walk.now(),
    state: 'recorded',
    reason: '',
    faults: [],
    batch: null,
    nextAt: null,
  })
let deliveries = 0

it('finds a push that was never delivered, once, and a late delivery is a duplicate', async () => {
  const first = walk.commit('main', goodFiles)
  expect(await poll()).toBe(0)
  const second = walk.commit('main', { ...goodFiles, 'pipelines/more.txt': 'x' })
  expect(await poll()).toBe(1)
  expect(await poll()).toBe(0)
  const late = await deliver(first, second)
  expect(late).toMatchObject({ duplicate: true, change: { sender: 'poll', cause: { before: first, commit: second } } })
  await walk.drain()
  expect((await walk.store.list('run')).map(({ commit }) => commit)).toEqual([second])
})

it('finds nothing where the host delivered, and each step of a branch that goes back and forth', async () => {
  const first = walk.commit('main', goodFiles)
  await poll()
  const second = walk.commit('main', { ...goodFiles, a: '1' })
  await deliver(first, second)
  expect(await poll()).toBe(0)
  walk.heads.set('main', first)
  expect(await poll()).toBe(1)
  walk.heads.set('main', second)
  expect(await poll()).toBe(1)
  expect((await deliver(second, first)).duplicate).toBe(false)
})

it('finds new branches, tags, and branches that went', async () => {
  const first = walk.commit('main', goodFiles)
  walk.commit('old', goodFiles)
  await poll()
  walk.heads.delete('old')
  walk.tags.set('v1', first)
  expect(await poll()).toBe(2)
  expect(await poll()).toBe(0)
  expect(
    (await walk.store.list('change')).map(({ cause }) => 'deleted' in cause && [cause.ref, cause.deleted]),
  ).toEqual([
    ['refs/heads/old', true],
    ['refs/tags/v1', false],
  ])
})
