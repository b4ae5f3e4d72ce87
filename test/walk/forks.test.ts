import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { digestJson } from '../../src/domain/digest.ts'
import type { Compiler } from '../../src/domain/ports/compiler.ts'
import {
  createWalk,
  goodFiles,
  openWalkDatabase,
  pipelineJson,
  type Walk,
  type WalkDatabase,
  winnowYaml,
} from './walk.ts'

let database: WalkDatabase
let walk: Walk
let compiledForeign: string[]
beforeAll(async () => {
  database = await openWalkDatabase()
}, 60_000)
afterAll(() => database?.close())

const foreignCompiler: Compiler = {
  fingerprint: async () => digestJson('fake compiler 1'),
  compile: async (folder) => {
    compiledForeign.push(folder)
    const ir = { schemaVersion: '2.1.0', made: 'by a fork' }
    return { ok: true, ir, irDigest: digestJson(ir), log: '' }
  },
}
beforeEach(async () => {
  compiledForeign = []
  walk = await createWalk(database, { bounds: { forks: 'sandbox' }, foreignCompiler })
})

const python = { 'p.py': 'pass', 'requirements.txt': 'kfp==2.17.0\n' }
const withRequirements = winnowYaml().replace(
  'ir: pipelines/beans.json',
  'kfp: p.py\n    requirements: requirements.txt',
)
const told = async (commit: string, action = 'opened') => {
  const cause = { kind: 'pullRequest', number: 7, action, ref: 'refs/heads/x', baseRef: 'refs/heads/main' } as const
  const change = await walk.record({ ...cause, commit, fork: true })
  await walk.drain()
  const { state, reason } = await walk.get('change', change)
  return { state, reason: reason.replace(/: run \d+ of beans$/, '') }
}
const fork = (files: Readonly<Record<string, string>>): string => {
  const commit = walk.commit('fork', files)
  walk.heads.delete('fork')
  walk.pulls.set(7, commit)
  return commit
}

it('a fork is planned: compiled where foreign code is, and nothing launched', async () => {
  walk.commit('main', goodFiles)
  const commit = fork({ ...goodFiles, 'pipelines/beans.json': pipelineJson({ sdkVersion: '2' }) })
  expect(await told(commit)).toEqual({ state: 'started', reason: 'plan for pull request 7 of a fork, in a sandbox' })
  expect(await walk.store.list('run')).toMatchObject([{ commit, mode: 'plan', state: 'planned' }])
  expect([compiledForeign, walk.compiled, walk.state.calls]).toEqual([[commit], [], []])
})

it('what a fork compiled to is never taken for what ours compiles to, though the files be the same', async () => {
  const commit = walk.commit('main', goodFiles)
  walk.pulls.set(7, commit)
  await told(commit)
  await walk.push(commit)
  await walk.drain()
  expect([compiledForeign, walk.compiled]).toEqual([[commit], [commit]])
  expect((await walk.store.list('build')).map(({ ir }) => ir?.['made'] ?? null)).toEqual([null, 'by a fork'])
})

it('its own winnow.yaml counts for nothing: neither triggers nor sources', async () => {
  walk.commit('main', { ...goodFiles, 'winnow.yaml': winnowYaml({ on: '{push: {branches: [main]}}' }) })
  expect(await told(fork(goodFiles))).toEqual({
    state: 'ignored',
    reason: 'no trigger matches: it plans no pull requests',
  })
  walk.commit('main', goodFiles)
  const other = goodFiles['winnow.yaml'].replace('pipelines/beans.json', 'evil.json').replace('policies', 'evil')
  const commit = fork({ ...goodFiles, 'winnow.yaml': other, 'evil.json': '{}' })
  expect((await told(commit, 'synchronize')).state).toBe('started')
  expect(await walk.store.list('run')).toMatchObject([
    { source: { file: 'pipelines/beans.json' }, policy: 'policies/beans.yaml' },
  ])
})

it('a fork that asks for other packages is refused before anything is installed', async () => {
  walk.commit('main', { ...goodFiles, ...python, 'winnow.yaml': withRequirements })
  for (const requirements of ['kfp==2.17.0\nevil==1.0\n', undefined]) {
    const files = { ...goodFiles, ...python, 'winnow.yaml': withRequirements }
    const commit = fork({ ...files, 'requirements.txt': requirements as string })
    expect(await told(commit)).toEqual({
      state: 'ignored',
      reason: 'the fork changes requirements.txt: only the packages that the protected branch asks for are installed',
    })
  }
  expect(compiledForeign).toEqual([])
})

it('a fork that has moved on waits for what is told next, and one that was closed is not looked at', async () => {
  walk.commit('main', goodFiles)
  const commit = fork(goodFiles)
  fork({ ...goodFiles, more: '1' })
  expect(await told(commit)).toEqual({
    state: 'ignored',
    reason: `pull request 7 is not at ${commit.slice(0, 12)} any more`,
  })
  expect((await told(commit, 'closed')).reason).toContain('the pull request was closed, which changes no code')
})

it('a worker without a sandbox compiles no fork, and the run says so', async () => {
  walk = await createWalk(database, { bounds: { forks: 'sandbox' } })
  walk.commit('main', goodFiles)
  expect((await told(fork(goodFiles))).state).toBe('started')
  expect(await walk.store.list('run')).toMatchObject([
    { state: 'failed', reason: 'The code of a fork is compiled in a sandbox or not at all' },
  ])
  expect(walk.compiled).toEqual([])
})
