import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClients } from '../../src/adapters/targets/vertex/clients.ts'
import { createVertexTarget } from '../../src/adapters/targets/vertex/target.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { readKept } from '../../src/judging/answers/keep-predictions.ts'
import { reproduce } from '../../src/judging/past/reproduce.ts'
import { createLog } from '../../src/log.ts'
import { createPlatform, type Platform } from '../../src/platform/platform.ts'
import { writeLinearModel } from '../platform/linear-model.ts'
import { createWalk, goodFiles, openWalkDatabase, type WalkDatabase } from './walk.ts'

// What a policy asks for is sought on the embedded platform: models answer rows, serve under load, and data is read.

let root: string
let platform: Platform
let database: WalkDatabase
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-evidence-'))
  platform = await createPlatform({ root: join(root, 'platform'), log: createLog('silent') })
  database = await openWalkDatabase()
})
afterAll(async () => {
  await database.close()
  await platform.close()
  await rm(root, { recursive: true, force: true })
})

const address = () => ({ project: 'local', apiEndpoint: '127.0.0.1', port: platform.port, insecure: true })

/** A registered version of a model that answers `factor · x`. */
const registered = async (name: string, factor: number): Promise<string> => {
  const clients = createClients(address())
  const client = await clients.models()
  const artifactUri = await writeLinearModel(join(root, name), factor)
  const [operation] = await client.uploadModel({
    parent: 'projects/local/locations/local',
    modelId: name,
    model: { displayName: name, artifactUri },
  })
  const [response] = await operation.promise()
  await clients.close()
  return String(response.model)
}

/** A pipeline that imports a registered model and tables: it needs no Python. */
const importing = (model: string, tables: Readonly<Record<string, string>>): string => {
  const artifacts: Readonly<Record<string, { schemaTitle: string; uri: string; metadata: JsonObject }>> = {
    model: { schemaTitle: 'google.VertexModel', uri: `https://local/v1/${model}`, metadata: { resourceName: model } },
    metrics: { schemaTitle: 'system.Metrics', uri: `${root}/metrics`, metadata: { accuracy: 0.95 } },
    ...Object.fromEntries(
      Object.entries(tables).map(([role, uri]) => [
        role,
        { schemaTitle: 'system.Dataset', uri, metadata: { winnow: role, label: 'y' } },
      ]),
    ),
  }
  const over = <T>(make: (name: string, artifact: (typeof artifacts)[string]) => readonly [string, T]) =>
    Object.fromEntries(Object.entries(artifacts).map(([name, artifact]) => make(name, artifact)))
  const type = (schemaTitle: string) => ({ schemaTitle, schemaVersion: '0.0.1' })
  return JSON.stringify({
    schemaVersion: '2.1.0',
    sdkVersion: 'kfp-2.17.0',
    pipelineInfo: { name: 'importing' },
    components: over((name, { schemaTitle }) => [
      `comp-${name}`,
      {
        executorLabel: `exec-${name}`,
        inputDefinitions: { parameters: { uri: { parameterType: 'STRING' } } },
        outputDefinitions: { artifacts: { artifact: { artifactType: type(schemaTitle) } } },
      },
    ]),
    deploymentSpec: {
      executors: over((name, { schemaTitle, uri, metadata }) => [
        `exec-${name}`,
        { importer: { artifactUri: { constant: uri }, typeSchema: type(schemaTitle), metadata } },
      ]),
    },
    root: {
      inputDefinitions: { parameters: { target: { parameterType: 'STRING' } } },
      dag: {
        tasks: over((name, { uri }) => [
          name,
          {
            taskInfo: { name },
            componentRef: { name: `comp-${name}` },
            inputs: { parameters: { uri: { runtimeValue: { constant: uri } } } },
          },
        ]),
      },
    },
  })
}

const policy = `version: 1
model: beans
gates:
  near: {metric: rmse, atMost: 1.5}
  by region: {metric: mae, slices: region, atMost: 2}
  beats champion: {metric: mae, against: champion, atMost: -0.05, confidence: 0.95}
  answers: {metric: model.answers, atLeast: 1}
  small: {metric: model.size, atMost: 1 MB}
  quick: {metric: latency.p50, atMost: 10s}
  enough: {metric: data.rows, atLeast: 100}
  not leaked: {check: "data.leakedRows == 0 && champion.mae > 0.0 || data.leakedRows == 0"}
  like before: {metric: data.skew, atMost: 0.2}
`

/** Rows of `y = 3 x` with some noise, and a region. */
const rowsFile = async (name: string, rows: number, from: number, stretch = 1): Promise<string> => {
  const lines = Array.from({ length: rows }, (_, i) => {
    const x = from + i * 0.1 * stretch
    return `${x.toFixed(3)},${(3 * x + Math.sin(i * 7.3) * 0.5).toFixed(4)},${i % 3 === 0 ? 'north' : 'south'}`
  })
  const file = join(root, name)
  await writeFile(file, `x,y,region\n${lines.join('\n')}\n`)
  return file
}

describe('evidence that gates ask for', () => {
  it('is sought on the target: the champion answers the same rows, serving is measured, data is compared', async () => {
    await using target = createVertexTarget({
      name: 'local',
      ...address(),
      location: 'local',
      pipelineRoot: join(root, 'artifacts'),
      log: createLog('silent'),
    })
    const walk = await createWalk(database, { target })
    const test = await rowsFile('test.csv', 120, 1.05)
    const train = await rowsFile('train.csv', 300, 1)
    const judged = async (name: string, factor: number, tables: Readonly<Record<string, string>>) => {
      const files = {
        ...goodFiles,
        'policies/beans.yaml': policy,
        'pipelines/beans.json': importing(await registered(name, factor), tables),
      }
      await walk.push(walk.commit('main', files))
      await walk.drain()
      const [verdict] = await walk.store.list('verdict')
      const receipt = verdict?.receipt
      return { verdict, receipt, gates: Object.fromEntries(receipt?.gates.map((gate) => [gate.gate, gate]) ?? []) }
    }

    // Nothing is live yet: comparisons are skipped, all else is known.
    const first = await judged('first', 2.9, { test, train })
    expect(first.verdict?.state, JSON.stringify(first.receipt?.gates, null, 1)).toBe('pass')
    expect(first.gates).toMatchObject({
      near: { outcome: 'pass', checks: [{ examples: 120 }] },
      'by region': { outcome: 'pass', checks: [{ slice: 'region = north' }, { slice: 'region = south' }] },
      'beats champion': { outcome: 'skipped', reason: expect.stringContaining('no champion is live in dev yet') },
      answers: { outcome: 'pass' },
      'like before': { outcome: 'skipped' },
    })
    const { evidence, judged: inputs } = first.receipt as NonNullable<typeof first.receipt>
    expect(evidence.metrics).toMatchObject({ 'data.rows': 300, 'data.leakedRows': 0, 'model.answers': 1 })
    expect(evidence.sources.map(({ kind }) => kind)).toEqual(['system.Metrics', 'scored', 'data', 'serving'])
    expect(inputs?.predictions).toMatchObject({ rows: 120, digest: expect.stringMatching(/^sha256:/) })
    // What was made to measure is gone again.
    const signal = new AbortController().signal
    expect((await target.endpoints(signal)).map(({ displayName }) => displayName)).toEqual(['beans'])

    // Better on the very same rows, which the champion is asked about again.
    const second = await judged('second', 3, { test, train })
    expect(second.verdict?.state, JSON.stringify(second.receipt?.gates, null, 1)).toBe('pass')
    expect(second.gates['beats champion']).toMatchObject({
      outcome: 'pass',
      checks: [{ examples: 120, interval: { method: 'paired bootstrap' } }],
    })
    expect(second.gates['like before']).toMatchObject({ outcome: 'pass', checks: [{ value: 0 }] })
    expect(second.receipt?.judged?.references['champion']).toMatchObject({
      kind: 'known',
      version: { model: 'projects/local/locations/local/models/beans', version: '1' },
      predictions: { rows: 120 },
    })

    // No better, and from data that is not like the champion's.
    const other = await rowsFile('other.csv', 300, 1.05, 6)
    const third = await judged('third', 2.95, { test, train: other })
    expect(third.gates).toMatchObject({
      'beats champion': { outcome: 'fail' },
      'like before': { outcome: 'fail' },
    })
    expect(third.receipt?.evidence.metrics['data.skew']).toBeGreaterThan(0.2)

    // Without rows to ask, nothing is claimed.
    const blind = await judged('fourth', 3.01, {})
    expect(blind.verdict?.state).not.toBe('pass')
    expect(blind.gates).toMatchObject({
      'by region': { outcome: 'inconclusive' },
      'beats champion': { outcome: 'fail', reason: 'mae is missing from the evidence' },
      quick: { outcome: 'fail' },
    })
    const notes = blind.receipt?.evidence.sources.map(({ note }) => note ?? '') ?? []
    expect(notes.filter((note) => note.includes('left no'))).toHaveLength(3)

    // All that was sought is kept: each verdict comes out the same once more, bit for bit, without the target.
    for (const { receipt } of [first, second, third, blind])
      expect(
        await reproduce(
          receipt as NonNullable<typeof receipt>,
          (digest) => readKept(join(database.folder, 'verdict-evidence'), digest),
          '0.0.0-test',
        ),
      ).toMatchObject({ result: 'same', differences: [] })
  }, 120_000)
})
