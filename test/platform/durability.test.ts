import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../src/log.ts'
import { createPlatform } from '../../src/platform/platform.ts'
import { writeLinearModel } from './linear-model.ts'
import { say, shellPipeline } from './shell-pipeline.ts'
import { type Clients, clientsOf, finished, parent } from './site.ts'
import { until } from './until.ts'
import { struct, value } from './wire-values.ts'

let root: string
let clients: Clients
let child: ChildProcess

const start = async (): Promise<void> => {
  child = spawn(process.execPath, [join(import.meta.dirname, 'platform-process.ts'), root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  clients = clientsOf(Number(port))
}
const kill = async (): Promise<void> => {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
  await clients.close()
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'winnow-durable-'))
  await start()
})
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) await kill()
  await rm(root, { recursive: true, force: true })
})

describe('a platform that is killed', () => {
  it('has everything that it acknowledged, and serves it', async () => {
    const artifactUri = await writeLinearModel(join(root, 'made'), 3)
    const model = { displayName: 'triples', artifactUri, versionAliases: ['live'] }
    const { model: name } = await finished<{ model: string }>(clients.models.uploadModel({ parent, model }))
    const metrics = value({ auPrc: 0.5 })
    await clients.models.importModelEvaluation({ parent: `${name}@1`, modelEvaluation: { metrics } })
    const endpoint = (
      await finished<{ name: string }>(clients.endpoints.createEndpoint({ parent, endpoint: { displayName: 'e' } }))
    ).name
    const deployedModel = { model: `${name}@live`, displayName: 'd' }
    await finished(clients.endpoints.deployModel({ endpoint, deployedModel, trafficSplit: { 0: 100 } }))
    await kill()
    await rm(artifactUri, { recursive: true })

    await start()
    const [found] = await clients.models.getModel({ name: `${name}@live` })
    expect(found).toMatchObject({ versionId: '1', versionAliases: ['default', 'live'] })
    expect((await clients.models.listModelEvaluations({ parent: `${name}@1` }))[0]).toHaveLength(1)
    const [answer] = await clients.predictions.predict({ endpoint, instances: [value({ x: 7 })] })
    expect(answer.predictions?.[0]?.structValue?.fields?.['value']?.numberValue).toBe(21)
  })

  it('takes a job up where it was, and runs nothing twice that had ended', async () => {
    const shared = join(root, 'shared')
    await mkdir(shared)
    const marked = (task: string) => `echo ${task} >> ${shared}/marks; ${say}`
    const waiting = `echo waiting >> ${shared}/marks; while [ ! -e ${shared}/go ]; do sleep 0.05; done; ${say}`
    const spec = shellPipeline({
      first: { script: marked('first') },
      gate: { script: waiting, after: ['first'] },
      last: { script: marked('last'), after: ['gate'] },
    })
    const runtimeConfig = { gcsOutputDirectory: join(root, 'runs'), parameterValues: { word: value('on') } }
    const [{ name }] = await clients.pipelines.createPipelineJob({
      parent,
      pipelineJobId: 'killed',
      pipelineJob: { pipelineSpec: struct(spec), runtimeConfig },
    })
    const marks = async () =>
      (await readFile(join(shared, 'marks'), 'utf8').catch(() => '')).split('\n').filter(Boolean)
    await until('the gate', async () => (await marks()).includes('waiting'))
    await kill()

    await start()
    const get = async () => (await clients.pipelines.getPipelineJob({ name: name ?? '' }))[0]
    const resumed = await get()
    expect(resumed.state).toBe('PIPELINE_STATE_RUNNING')
    expect(resumed.jobDetail?.taskDetails?.find(({ taskName }) => taskName === 'first')?.state).toBe('SUCCEEDED')
    await writeFile(join(shared, 'go'), '')
    await until('the end', async () => (await get()).state === 'PIPELINE_STATE_SUCCEEDED')
    const counted = await marks()
    expect(counted.filter((mark) => mark === 'first')).toHaveLength(1)
    expect(counted.filter((mark) => mark === 'last')).toHaveLength(1)

    // The end is in the record, not only in the engine.
    await kill()
    await start()
    const last = await get()
    expect(last.state).toBe('PIPELINE_STATE_SUCCEEDED')
    expect(last.jobDetail?.taskDetails?.every(({ state }) => state === 'SUCCEEDED')).toBe(true)
  })

  it.each([1, 12, 30])('ends every operation that it began, killed after %d answers', async (answers) => {
    const acknowledged = new Set<string>()
    let answered = 0
    const load = Array.from({ length: 40 }, async (_, index) => {
      const endpoint = { displayName: `e${index}` }
      const [operation] = await clients.endpoints.createEndpoint({ parent, endpoint })
      if (operation.latestResponse.done) acknowledged.add(endpoint.displayName)
      answered += 1
    })
    // Before the kill: what it cuts off is expected, and must not count as unhandled.
    const settled = Promise.allSettled(load)
    await until('the answers', async () => answered >= answers)
    await kill()
    await settled

    await start()
    const folder = join(root, 'records', 'operations')
    const files = (await readdir(folder)).filter((file) => file.endsWith('.json'))
    const [endpoints] = await clients.endpoints.listEndpoints({ parent })
    const there = new Set(endpoints.map(({ displayName }) => displayName ?? ''))
    expect([...acknowledged].filter((name) => !there.has(name))).toEqual([])
    await until('all operations', async () => {
      const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
      return texts.every((text) => JSON.parse(text).record.done === true)
    })
    const [after] = await clients.endpoints.listEndpoints({ parent })
    expect(new Set(after.map(({ name }) => name)).size).toBe(after.length)
    expect(after.length).toBe(files.length)
  })
})

describe('createPlatform', () => {
  it('names the port that is taken', async () => {
    const { port } = clients
    const other = await mkdtemp(join(tmpdir(), 'winnow-other-'))
    const started = createPlatform({ root: other, listen: { host: '127.0.0.1', port }, log: createLog('silent') })
    await expect(started).rejects.toMatchObject({ code: 'port_taken', message: expect.stringContaining(`:${port}`) })
    await rm(other, { recursive: true })
  })
})
