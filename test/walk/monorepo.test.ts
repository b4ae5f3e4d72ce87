import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { readProtectedDeclaration } from '../../src/workers/declaration/declaration.ts'
import { createWalk, openWalkDatabase, pipelineJson, policyYaml, type Walk, type WalkDatabase } from './walk.ts'

let database: WalkDatabase
let walk: Walk
beforeAll(async () => {
  database = await openWalkDatabase()
}, 60_000)
afterAll(() => database?.close())
beforeEach(async () => {
  walk = await createWalk(database, { bounds: { declarations: ['winnow.yaml', 'ml/**/winnow.yaml', '!ml/old/**'] } })
})

const declare = (pipeline: string, more = '') =>
  [
    'version: 1',
    'pipelines:',
    `  ${pipeline}:`,
    '    ir: pipeline.json',
    '    parameters: {target: Class}',
    `    model: ${pipeline}`,
    '    policy: policy.yaml',
    `    on: {push: {branches: [main], paths: [ml/${pipeline}/**]}}`,
    more,
    '',
  ].join('\n')

const environments = 'version: 1\nenvironments:\n  dev: {target: local, endpoint: shared}\n'
const folderOf = (name: string, declaration = declare(name)) => ({
  [`ml/${name}/winnow.yaml`]: declaration,
  [`ml/${name}/pipeline.json`]: pipelineJson(),
  [`ml/${name}/policy.yaml`]: policyYaml().replace('model: beans', `model: ${name}`),
})
const files = { 'winnow.yaml': environments, ...folderOf('beans'), ...folderOf('peas') }
const faultsOf = async (wrong: Readonly<Record<string, string>>) => {
  const change = await walk.push(walk.commit('main', { ...files, ...wrong }))
  await walk.drain()
  const { state, faults } = await walk.get('change', change)
  return { state, faults }
}

it('a push starts the pipelines of those folders that it changed, and delivers to the environments of the root', async () => {
  const before = walk.commit('main', files)
  const commit = walk.commit('main', { ...files, 'ml/peas/pipeline.json': pipelineJson({ sdkVersion: '2' }) })
  await walk.push(commit, { before })
  await walk.drain()
  expect(await walk.store.list('run')).toMatchObject([
    {
      pipeline: 'peas',
      source: { kind: 'ir', file: 'ml/peas/pipeline.json' },
      policy: 'ml/peas/policy.yaml',
      state: 'succeeded',
    },
  ])
  expect(await walk.store.list('verdict')).toMatchObject([{ state: 'pass' }])
  expect(await walk.store.list('release')).toMatchObject([{ environment: 'dev', model: 'peas', state: 'live' }])
})

it('the protected branch is read whole', async () => {
  const commit = walk.commit('main', {
    ...files,
    'ml/old/winnow.yaml': 'no: declaration',
    'src/winnow.yaml': 'nor: this',
  })
  const { declaration, commit: read } = await readProtectedDeclaration(walk, 'beans', new AbortController().signal)
  expect(read).toBe(commit)
  expect(declaration.ok && declaration.value.pipelines.map(({ name, file }) => [name, file])).toEqual([
    ['beans', 'ml/beans/winnow.yaml'],
    ['peas', 'ml/peas/winnow.yaml'],
  ])
})

it('two pipelines of one name are a fault that says where both stand', async () => {
  expect(await faultsOf(folderOf('peas', declare('beans')))).toEqual({
    state: 'invalid',
    faults: ['ml/peas/winnow.yaml:3:3: pipelines.beans: stands in ml/beans/winnow.yaml:3:3 already'],
  })
})

it('environments of several files are one order, and one endpoint belongs to one of them', async () => {
  const more = (line: string) => folderOf('peas', declare('peas', `environments:\n  ${line}`))
  expect((await faultsOf(more('prod: {target: local, endpoint: peas, after: dev}'))).faults).toEqual([])
  expect((await faultsOf(more('dev: {target: local}'))).faults).toEqual([
    'ml/peas/winnow.yaml:10:3: environments.dev: stands in winnow.yaml:3:3 already',
  ])
  expect((await faultsOf(more('prod: {target: local, endpoint: shared}'))).faults).toEqual([
    'ml/peas/winnow.yaml:10:35: environments.prod.endpoint: shared on local is that of dev already',
  ])
})

it('faults are placed in the file that they stand in, and the bounds hold for all', async () => {
  expect(
    (await faultsOf(folderOf('peas', declare('peas', 'environments:\n  moon: {target: elsewhere}')))).faults,
  ).toEqual([
    'ml/peas/winnow.yaml:10:3: environments.moon: is not allowed here; the config allows dev, prod',
    'ml/peas/winnow.yaml:10:18: environments.moon.target: elsewhere is not allowed here; the config allows local',
  ])
  expect((await faultsOf(folderOf('peas', declare('peas').replace('policy.yaml', '../policy.yaml')))).faults).toEqual([
    'ml/peas/winnow.yaml:7:13: pipelines.peas.policy: expected a path inside the repository, got "../policy.yaml"',
  ])
  const touched = { ...folderOf('peas'), 'ml/peas/policy.yaml': undefined as unknown as string }
  expect((await faultsOf(touched)).faults).toEqual([
    'ml/peas/winnow.yaml: pipelines.peas.policy: there is no file ml/peas/policy.yaml',
  ])
})

it('files without any pipeline, and more files than are read', async () => {
  const change = await walk.push(walk.commit('main', { 'winnow.yaml': environments }))
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`ml/x${i}/winnow.yaml`, declare(`x${i}`)]))
  const second = await walk.push(walk.commit('main', many))
  await walk.drain()
  expect((await walk.get('change', change)).faults).toEqual([
    'winnow.yaml:1:1: pipelines: expected at least one pipeline',
  ])
  expect((await walk.get('change', second)).reason).toMatch(/^51 files at \w{12} match .*: 50 are read$/)
})
