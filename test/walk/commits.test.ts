import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createWalk, goodFiles, openWalkDatabase, type Walk, type WalkDatabase, winnowYaml } from './walk.ts'

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
}, 60_000)
afterAll(() => database?.close())
beforeEach(async () => {
  walk = await createWalk(database)
})

const filesOn = (on: string) => ({ ...goodFiles, 'winnow.yaml': winnowYaml({ on }) })
const outcome = async (change: number) => {
  await walk.drain()
  const { state, reason } = await walk.get('change', change)
  return { state, reason }
}
const runs = async () => (await walk.store.list('run')).map(({ commit, mode }) => ({ commit, mode }))

it.each([['Tidy up [skip winnow]'], ['[Skip Winnow] tidy up\n\nand more']])(
  'a push whose message is %j is ignored, and says why',
  async (message) => {
    const commit = walk.commit('main', goodFiles, message)
    expect(await outcome(await walk.push(commit))).toEqual({
      state: 'ignored',
      reason: `the message of ${commit.slice(0, 12)} says [skip winnow]`,
    })
    expect(await runs()).toEqual([])
  },
)

it('a push that no trigger matches says that, whatever its message', async () => {
  const commit = walk.commit('side', goodFiles, '[skip winnow]')
  const { reason } = await outcome(await walk.push(commit, { ref: 'refs/heads/side' }))
  expect(reason).toContain('branch is side')
})

it('a tag that the trigger wants starts a run of its commit', async () => {
  const commit = walk.commit('main', filesOn('{push: {tags: [v*]}}'))
  expect(await outcome(await walk.push(commit, { ref: 'refs/tags/v1' }))).toMatchObject({
    state: 'started',
    reason: expect.stringMatching(/^tag v1: run \d+ of beans/),
  })
  expect(await outcome(await walk.push('0'.repeat(40), { ref: 'refs/tags/v1', deleted: true }))).toEqual({
    state: 'ignored',
    reason: 'tag v1 was deleted',
  })
  expect(await runs()).toEqual([{ commit, mode: 'run' }])
})

it('a release starts a run of the commit that its tag is at', async () => {
  const commit = walk.commit('main', filesOn('{release: {tags: [v*]}}'))
  walk.tags.set('v1', commit)
  const release = { kind: 'release', action: 'published', ref: 'refs/tags/v1', commit: null } as const
  expect(await outcome(await walk.record({ ...release, ref: 'refs/tags/v2' }))).toEqual({
    state: 'ignored',
    reason: 'refs/tags/v2 is not there any more',
  })
  expect((await outcome(await walk.record({ ...release, action: 'edited' }))).reason).toContain(
    'release v1 was edited, published is wanted',
  )
  expect((await outcome(await walk.record(release))).state).toBe('started')
  expect(await runs()).toEqual([{ commit, mode: 'run' }])
})

it('a pull request of which the sender knows the first digits is planned at its branch', async () => {
  const commit = walk.commit('deeper', goodFiles)
  const cause = { kind: 'pullRequest', number: 7, action: 'opened', ref: 'refs/heads/deeper', baseRef: 'x' } as const
  const early = await walk.record({ ...cause, commit: 'abcdefabcdef', fork: false })
  expect(await outcome(early)).toEqual({
    state: 'ignored',
    reason: 'refs/heads/deeper has moved on from abcdefabcdef',
  })
  await walk.record({ ...cause, commit: commit.slice(0, 12), fork: false })
  await walk.drain()
  expect(await runs()).toEqual([{ commit, mode: 'plan' }])
})
