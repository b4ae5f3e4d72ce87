import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createWalk, goodFiles, openWalkDatabase, type Walk, type WalkDatabase, winnowYaml } from './walk.ts'

// What a change may say about how it is judged and where it goes: nothing. All of it is read from the protected branch.

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
}, 60_000)
afterAll(() => database?.close())
beforeEach(async () => {
  walk = await createWalk(database)
  // Below the protected policy's 0.9.
  walk.fate.next = { accuracy: 0.5 }
})

const on = '{push: {branches: [main, side]}}'
const strict = { ...goodFiles, 'winnow.yaml': winnowYaml({ on }) }
const loose = strict['policies/beans.yaml'].replace('0.9', '0.1')
const pushSide = async (over: Readonly<Record<string, string>>) => {
  const protectedHead = walk.commit('main', strict)
  const commit = walk.commit('side', { ...strict, ...over })
  await walk.push(commit, { ref: 'refs/heads/side' })
  await walk.drain()
  const [verdict] = await walk.store.list('verdict')
  return { verdict, protectedHead, commit, releases: await walk.store.list('release') }
}

it('a push that loosens its policy is judged by the one that stands', async () => {
  const { verdict, protectedHead, releases } = await pushSide({ 'policies/beans.yaml': loose })
  expect(verdict).toMatchObject({ state: 'fail', receipt: { policy: { commit: protectedHead } } })
  expect(releases).toEqual([])
})

it('a push that names a policy of its own is judged by the one that stands', async () => {
  const named = winnowYaml({ on }).replace('policies/beans.yaml', 'policies/mine.yaml')
  const { verdict, protectedHead, releases } = await pushSide({ 'winnow.yaml': named, 'policies/mine.yaml': loose })
  expect(verdict).toMatchObject({
    state: 'fail',
    receipt: { policy: { commit: protectedHead, path: 'policies/beans.yaml' } },
  })
  expect(releases).toEqual([])
})

it('a push that makes environments of its own delivers to those that stand', async () => {
  walk.fate.next = { accuracy: 0.95 }
  const own = winnowYaml({ on, environments: '  prod: {target: local, endpoint: stolen}' })
  const { verdict, releases } = await pushSide({ 'winnow.yaml': own })
  expect(verdict?.state).toBe('pass')
  expect(releases).toMatchObject([{ environment: 'dev', endpointName: 'beans' }])
  expect([...walk.state.endpoints.keys()]).toEqual(['endpoints/beans'])
})

it('a push that gives up its policy is not delivered at all', async () => {
  const without = winnowYaml({ on })
    .replace(/ {4}policy: .*\n/, '')
    .replace(/ {4}model: .*\n/, '')
    .replace('endpoint: beans', '')
  const { verdict, releases } = await pushSide({ 'winnow.yaml': without.replace('local, ', 'local') })
  expect([verdict, releases]).toEqual([undefined, []])
  expect(await walk.store.list('run')).toMatchObject([{ state: 'succeeded' }])
})

it('a pipeline that the protected branch does not know is judged by nothing, so it does not pass', async () => {
  walk.fate.next = { accuracy: 0.95 }
  const unknown = winnowYaml({ on }).replace('  beans:\n', '  mine:\n')
  const { verdict, releases } = await pushSide({ 'winnow.yaml': unknown })
  expect(verdict?.state).toBe('inconclusive')
  expect(verdict?.receipt?.reason).toContain('declares no pipeline mine')
  expect(releases).toEqual([])
})

it.each([
  ['a protected branch that is gone', () => void walk.heads.delete('main'), 'there is no branch main; push the branch'],
  [
    'a correction of winnow.yaml',
    () => void walk.commit('main', { ...strict, 'winnow.yaml': 'version: 1\n' }),
    /^run \d+ waits for its verdict: winnow.yaml has \d faults?; correct winnow.yaml on the protected branch$/,
  ],
])('a verdict waits for %s, and says so once', async (_, spoil, said) => {
  const head = walk.commit('main', strict)
  await walk.push(walk.commit('side', strict), { ref: 'refs/heads/side' })
  await walk.drain({ jobs: 3 })
  spoil()
  await walk.drain({ until: walk.now() + 600_000 })
  const [verdict] = await walk.store.list('verdict')
  expect(verdict).toMatchObject({ state: 'pending' })
  const history = await walk.store.history('verdict', verdict?.id as number)
  expect(history.map(({ why }) => why)).toEqual([
    expect.stringMatching(/is to be judged by/),
    expect.stringMatching(said),
  ])
  walk.heads.set('main', head)
  await walk.drain()
  expect(await walk.store.list('verdict')).toMatchObject([{ state: 'fail' }])
})

it('a pull request that loosens its policy is planned, and nothing more', async () => {
  walk.commit('main', goodFiles)
  const commit = walk.commit('side', { ...goodFiles, 'policies/beans.yaml': loose })
  const cause = {
    kind: 'pullRequest',
    number: 7,
    action: 'opened',
    ref: 'refs/heads/side',
    baseRef: 'refs/heads/main',
  } as const
  await walk.record({ ...cause, commit, fork: false })
  await walk.drain()
  expect(await walk.store.list('run')).toMatchObject([{ state: 'planned' }])
  expect([await walk.store.list('verdict'), walk.state.calls]).toEqual([[], []])
})
