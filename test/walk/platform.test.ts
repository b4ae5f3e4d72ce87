import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createVertexTarget } from '../../src/adapters/targets/vertex/target.ts'
import { createLog } from '../../src/log.ts'
import { createPlatform, type Platform } from '../../src/platform/platform.ts'
import { writeLinearModel } from '../platform/linear-model.ts'
import { createWalk, goodFiles, openWalkDatabase, type WalkDatabase } from './walk.ts'

// The whole walk with nothing between it and the embedded platform but the vendor's client.

let root: string
let platform: Platform
let database: WalkDatabase
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-walk-platform-'))
  platform = await createPlatform({ root: join(root, 'platform'), log: createLog('silent') })
  database = await openWalkDatabase()
})
afterAll(async () => {
  await database.close()
  await platform.close()
  await rm(root, { recursive: true, force: true })
})

/** A pipeline that imports a model's files and says how good they are: it needs no Python. */
const importing = (modelUri: string, accuracy: number): string => {
  const artifact = (schemaTitle: string) => ({ artifactType: { schemaTitle, schemaVersion: '0.0.1' } })
  const component = (name: string, schemaTitle: string) => ({
    executorLabel: `exec-${name}`,
    inputDefinitions: { parameters: { uri: { parameterType: 'STRING' } } },
    outputDefinitions: { artifacts: { artifact: artifact(schemaTitle) } },
  })
  const executor = (schemaTitle: string, uri: string, metadata: object) => ({
    importer: { artifactUri: { constant: uri }, typeSchema: artifact(schemaTitle).artifactType, metadata },
  })
  const task = (name: string) => ({
    taskInfo: { name },
    componentRef: { name: `comp-${name}` },
    inputs: { parameters: { uri: { runtimeValue: { constant: modelUri } } } },
  })
  return JSON.stringify({
    schemaVersion: '2.1.0',
    sdkVersion: 'kfp-2.17.0',
    pipelineInfo: { name: 'importing' },
    components: {
      'comp-model': component('model', 'system.Model'),
      'comp-metrics': component('metrics', 'system.Metrics'),
    },
    deploymentSpec: {
      executors: {
        'exec-model': executor('system.Model', modelUri, {}),
        'exec-metrics': executor('system.Metrics', `${modelUri}/metrics`, { accuracy }),
      },
    },
    root: {
      inputDefinitions: { parameters: { target: { parameterType: 'STRING' } } },
      dag: { tasks: { model: task('model'), metrics: task('metrics') } },
    },
  })
}

describe('the walk over the embedded platform', () => {
  it('delivers a good model, replaces it by a better one, refuses a bad one', async () => {
    await using target = createVertexTarget({
      name: 'local',
      project: 'local',
      location: 'local',
      apiEndpoint: '127.0.0.1',
      port: platform.port,
      insecure: true,
      pipelineRoot: join(root, 'artifacts'),
      log: createLog('silent'),
    })
    const walk = await createWalk(database, { target })
    const signal = new AbortController().signal
    const served = async () => {
      const endpoint = await target.findEndpoint('beans', signal)
      if (endpoint === undefined) return undefined
      const { predictions } = await target.predict(endpoint.name, [{ x: 10 }], {}, signal)
      return { value: (predictions[0] as { value: number }).value, models: endpoint.deployed.length }
    }
    const push = async (factor: number, accuracy: number) => {
      const uri = await writeLinearModel(join(root, `times-${factor}`), factor)
      await walk.push(walk.commit('main', { ...goodFiles, 'pipelines/beans.json': importing(uri, accuracy) }))
      await walk.drain()
    }

    await push(2, 0.95)
    expect((await walk.store.list('release')).map((release) => [release.state, release.reason])).toEqual([
      ['live', 'all traffic goes to the candidate'],
    ])
    expect(await served()).toEqual({ value: 20, models: 1 })

    await push(3, 0.97)
    expect((await walk.store.list('release')).map((release) => release.state)).toEqual(['live', 'retired'])
    expect(await served()).toEqual({ value: 30, models: 1 })

    await push(4, 0.5)
    const [verdict] = await walk.store.list('verdict')
    expect(verdict).toMatchObject({ state: 'fail', receipt: { candidate: { artifactUri: join(root, 'times-4') } } })
    expect(await served()).toEqual({ value: 30, models: 1 })
    const champions = (await target.models(signal)).filter((model) => model.aliases.includes('champion'))
    expect(champions).toMatchObject([{ displayName: 'beans', version: '2', aliases: expect.arrayContaining(['dev']) }])
  })
})
