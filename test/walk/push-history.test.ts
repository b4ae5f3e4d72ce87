import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createWalk, goodFiles, openWalkDatabase, pipelineJson, type Walk, type WalkDatabase } from './walk.ts'

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
}, 60_000)
afterAll(() => database?.close())
beforeEach(async () => {
  walk = await createWalk(database)
  walk.fate.next = { endless: true }
})

const zeros = '0'.repeat(40)
let version = 0
const filesWith = (over: Readonly<Record<string, string>> = {}) => ({
  ...goodFiles,
  'pipelines/beans.json': pipelineJson({ sdkVersion: String(++version) }),
  ...over,
})
/** Only the steps that end the change: what a run comes to is told elsewhere. */
const outcome = async (change: number) => {
  const { version } = await walk.get('change', change)
  await walk.handle({ step: 'match', id: change, version })
  const { state, reason } = await walk.get('change', change)
  return { state, reason: reason.replace(/: run \d+ of beans$/, '') }
}
const side = (on: string) => ({ ...goodFiles, 'winnow.yaml': goodFiles['winnow.yaml'].replace('[main]', on) })

it('a forced push counts what differs from where the branch was, and says that it was forced', async () => {
  const first = walk.commit('main', filesWith())
  const second = walk.commit('main', filesWith())
  const other = walk.commit('main', { ...filesWith(), 'README.md': 'new' }, undefined, first)
  expect(await outcome(await walk.push(other, { before: second }))).toEqual({
    state: 'started',
    reason: `push to main changed pipelines/beans.json (a forced push took ${second.slice(0, 12)} off the branch)`,
  })
})

it('a push of an older commit says that the branch went back', async () => {
  const first = walk.commit('main', filesWith())
  const second = walk.commit('main', filesWith())
  walk.heads.set('main', first)
  expect(await outcome(await walk.push(second, { before: first }))).toMatchObject({ state: 'started' })
  expect(await outcome(await walk.push(first, { before: second }))).toEqual({
    state: 'started',
    reason: `push to main changed pipelines/beans.json (the branch went back from ${second.slice(0, 12)})`,
  })
})

it('a forced push from a commit that nobody has any more counts everything', async () => {
  const commit = walk.commit('main', filesWith())
  const gone = { before: 'e'.repeat(40), ref: 'refs/heads/main' }
  expect(await outcome(await walk.record({ kind: 'push', ...gone, commit, deleted: false, forced: true }))).toEqual({
    state: 'started',
    reason: 'push to main changed pipelines/beans.json (a forced push)',
  })
})

it('a new branch counts what its own commits changed', async () => {
  const files = side("['**']")
  walk.commit('main', files)
  const same = { ref: 'refs/heads/same', before: zeros }
  expect(await outcome(await walk.push(walk.heads.get('main') as string, same))).toMatchObject({
    state: 'ignored',
    reason: 'no trigger matches: changed no file, pipelines/** is wanted',
  })
  const docs = walk.commit('docs', { ...files, 'README.md': 'a' }, undefined, walk.heads.get('main'))
  walk.commit('main', { ...files, 'pipelines/other.json': '{}' })
  expect(await outcome(await walk.push(docs, { ref: 'refs/heads/docs', before: zeros }))).toMatchObject({
    state: 'ignored',
    reason: 'no trigger matches: changed README.md, pipelines/** is wanted',
  })
  const model = walk.commit('model', { ...files, 'pipelines/a.json': '{}' }, undefined, walk.heads.get('main'))
  expect((await outcome(await walk.push(model, { ref: 'refs/heads/model', before: zeros }))).state).toBe('started')
})

it('a push that is delivered after a newer one of its branch is superseded by it', async () => {
  const [first, second, third] = [1, 2, 3].map(() => walk.commit('main', filesWith()))
  const newer = await walk.push(third as string, { before: second as string })
  const late = await walk.push(second as string, { before: first as string })
  expect(await outcome(late)).toEqual({
    state: 'superseded',
    reason: `change ${newer} came first and begins where this one ends`,
  })
  expect((await outcome(newer)).state).toBe('started')
  const latest = await walk.push(first as string, { before: zeros })
  expect(await outcome(latest)).toMatchObject({ state: 'superseded' })
  expect((await walk.store.list('run')).map(({ commit }) => commit)).toEqual([third])
})

it('a push of an older commit that the branch is at is no late one, whatever was lost between', async () => {
  const [first, second, third] = [1, 2, 3].map(() => walk.commit('main', filesWith()))
  expect((await outcome(await walk.push(third as string, { before: second as string }))).state).toBe('started')
  walk.heads.set('main', second as string)
  expect((await outcome(await walk.push(second as string, { before: first as string }))).state).toBe('started')
})

it('a push that is delivered after its branch went is superseded by that', async () => {
  const files = side("['**']")
  const commit = walk.commit('gone', files)
  walk.heads.delete('gone')
  const ref = 'refs/heads/gone'
  const deletion = await walk.push(zeros, { ref, before: commit, deleted: true })
  const late = await walk.push(commit, { ref, before: 'a'.repeat(40) })
  expect((await outcome(late)).reason).toBe(`change ${deletion} came first and took the branch away`)
  walk.heads.set('gone', commit)
  expect((await outcome(await walk.push(commit, { ref, before: zeros }))).state).toBe('started')
})
