import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createVertexTarget } from '../../src/adapters/targets/vertex/target.ts'
import type { Fault } from '../../src/domain/errors.ts'
import type { ModelVersion } from '../../src/domain/evidence.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import type { Operation } from '../../src/domain/ports/operation.ts'
import type { LaunchRequest } from '../../src/domain/ports/pipeline-target.ts'
import { createLog } from '../../src/log.ts'
import { writeLinearModel } from '../platform/linear-model.ts'
import { finished, openSite, parent, type Site } from '../platform/site.ts'
import { createFaultProxy } from './fault-proxy.ts'

const signal = new AbortController().signal
const [CANCELLED, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE] = [1, 3, 8, 14]

let site: Site
let proxy: Awaited<ReturnType<typeof createFaultProxy>>
let target: ReturnType<typeof createVertexTarget>
let count = 0

beforeAll(async () => {
  site = await openSite({ containers: 'host' })
  proxy = await createFaultProxy(() => site.platform.port)
  target = targetAt(proxy.port)
})
afterAll(async () => {
  await target[Symbol.asyncDispose]()
  await proxy.close()
  await site[Symbol.asyncDispose]()
})
afterEach(() => {
  proxy.calls.length = 0
})

const targetAt = (port: number) =>
  createVertexTarget({
    name: 'local',
    project: 'local',
    location: 'local',
    apiEndpoint: '127.0.0.1',
    port,
    insecure: true,
    pipelineRoot: join(site.root, 'artifacts'),
    log: createLog('silent'),
  })

const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
  const deadline = Date.now() + 120_000
  while (Date.now() < deadline) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${what} did not come`)
}

const faultOf = async (promise: Promise<unknown>): Promise<Fault> => {
  try {
    await promise
  } catch (error) {
    return error as Fault
  }
  throw new Error('it did not fail')
}

/** Waits for operations and asks again, as a release does. */
const settled = async <T>(ask: () => Promise<Operation<T>>): Promise<T> => {
  for (let turn = 0; turn < 5; turn++) {
    const operation = await ask()
    if (operation.done) return operation.result
    const view = await until(operation.name, async () => {
      const seen = await target.operation(operation.name, signal)
      return seen.done ? seen : undefined
    })
    if (view.error !== null) throw new Error(view.error)
  }
  throw new Error('what the operations made is never found')
}

const importer = (schemaTitle: string, uri: string, metadata: JsonObject): JsonObject => ({
  importer: { artifactUri: { constant: uri }, metadata, typeSchema: { schemaTitle, schemaVersion: '0.0.1' } },
})

interface Task {
  readonly executor: JsonObject
  readonly schemaTitle?: string
  readonly after?: readonly string[]
}

/** A pipeline of importers and shell commands: it needs no Python. */
const pipelineOf = (tasks: Readonly<Record<string, Task>>): JsonObject => {
  const entries = Object.entries(tasks)
  const component = (name: string, { schemaTitle }: Task): JsonObject => ({
    executorLabel: `exec-${name}`,
    ...(schemaTitle === undefined
      ? {}
      : {
          inputDefinitions: { parameters: { uri: { parameterType: 'STRING' } } },
          outputDefinitions: { artifacts: { artifact: { artifactType: { schemaTitle, schemaVersion: '0.0.1' } } } },
        }),
  })
  return {
    schemaVersion: '2.1.0',
    sdkVersion: 'kfp-2.17.0',
    pipelineInfo: { name: 'of-importers' },
    components: Object.fromEntries(entries.map(([name, task]) => [`comp-${name}`, component(name, task)])),
    deploymentSpec: {
      executors: Object.fromEntries(entries.map(([name, { executor }]) => [`exec-${name}`, executor])),
    },
    root: {
      dag: {
        tasks: Object.fromEntries(
          entries.map(([name, { schemaTitle, after }]) => [
            name,
            {
              taskInfo: { name },
              componentRef: { name: `comp-${name}` },
              ...(after === undefined ? {} : { dependentTasks: after }),
              ...(schemaTitle === undefined
                ? {}
                : { inputs: { parameters: { uri: { runtimeValue: { constant: 'file:///nowhere' } } } } }),
            },
          ]),
        ),
      },
    },
  }
}

const shell = (script: string): JsonObject => ({
  container: { image: 'example/shell:1', command: ['sh', '-c', script] },
})

const requestFor = (jobId: string, tasks: Readonly<Record<string, Task>>, identity = 'one'): LaunchRequest => ({
  jobId,
  displayName: `job ${jobId}`,
  ir: pipelineOf(tasks),
  parameters: {},
  labels: { 'winnow-run': '7', 'winnow-identity': identity },
})

const endOf = (jobId: string) =>
  until(`the end of ${jobId}`, async () => {
    const view = await target.inspect(jobId, signal)
    return view.state === 'pending' || view.state === 'running' ? undefined : view
  })

const writeModel = (factor: number) => writeLinearModel(join(site.root, 'made', `times-${factor}-${++count}`), factor)

/** A model in the registry under an id of the platform's, as a training pipeline leaves it. */
const trained = async (factor: number): Promise<ModelVersion> => {
  const model = { displayName: 'trained', artifactUri: await writeModel(factor) }
  const made = await finished<{ model: string }>(site.clients.models.uploadModel({ parent, model }))
  return {
    model: made.model,
    version: '1',
    displayName: 'trained',
    aliases: ['default'],
    artifactUri: model.artifactUri,
    digest: null,
  }
}

describe('jobs', () => {
  it('runs a pipeline and shows its tasks, their logs and their artifacts', async () => {
    const model = await trained(2)
    const metadata = { resourceName: `${model.model}@1` }
    await target.launch(
      requestFor('good', {
        model: {
          executor: importer('google.VertexModel', `https://x/v1/${model.model}`, metadata),
          schemaTitle: 'google.VertexModel',
        },
        metrics: {
          executor: importer('system.Metrics', 'file:///metrics', { accuracy: 0.91 }),
          schemaTitle: 'system.Metrics',
        },
        say: { executor: shell('echo said'), after: ['model'] },
      }),
      signal,
    )
    const view = await endOf('good')
    expect(view).toMatchObject({ state: 'succeeded', error: null, details: [] })
    const say = view.tasks.find((task) => task.name === 'say')
    expect(say).toMatchObject({ state: 'succeeded', error: null })
    expect(say?.endedAt).toBeGreaterThanOrEqual(say?.startedAt as number)
    expect(await target.readText(say?.logUri as string, signal)).toContain('said')
    const candidate = await target.candidate(view.tasks, signal)
    expect(candidate).toMatchObject({ model: model.model, version: '1', displayName: 'trained' })
    expect(candidate?.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await target.observations(view.tasks, candidate, signal)).toEqual([
      {
        source: { kind: 'system.Metrics', name: 'file:///metrics', task: 'metrics' },
        slice: null,
        metrics: { accuracy: 0.91 },
      },
    ])
  })

  it('tells why a job failed and what never ran', async () => {
    await target.launch(
      requestFor('bad', {
        break: { executor: shell('echo the reason >&2; exit 3') },
        next: { executor: shell('true'), after: ['break'] },
      }),
      signal,
    )
    const view = await endOf('bad')
    expect(view.state).toBe('failed')
    expect(view.details[0]).toMatch(/^break: .*3/s)
    expect(view.details[0]).toContain('the reason')
    expect(view.details.at(-1)).toBe('never ran: next')
  })

  it('knows a job that is not there, and cancels one that runs, once or twice', async () => {
    expect(await target.inspect('nobody', signal)).toMatchObject({ state: 'missing', tasks: [] })
    await target.cancel('nobody', signal)
    await target.launch(requestFor('long', { wait: { executor: shell('sleep 60') } }), signal)
    await until('the task', async () =>
      (await target.inspect('long', signal)).tasks.some((task) => task.state === 'running') ? true : undefined,
    )
    await target.cancel('long', signal)
    expect((await endOf('long')).state).toBe('cancelled')
    await target.cancel('long', signal)
  })

  it('adopts the job that has its id, and refuses a stranger', async () => {
    const tasks = { say: { executor: shell('true') } }
    await target.launch(requestFor('adopted', tasks), signal)
    await target.launch(requestFor('adopted', tasks), signal)
    const fault = await faultOf(target.launch(requestFor('adopted', tasks, 'two'), signal))
    expect(fault).toMatchObject({ code: 'target_refused', retryable: false })
    expect(fault.message).toContain('pipelineJobs/adopted exists already')
    expect(fault.details[0]).toContain('is one, ours is two')
  })

  it.each([
    ['UNAVAILABLE', UNAVAILABLE],
    ['CANCELLED', CANCELLED],
  ])('looks before it launches again when the answer was lost (%s)', async (name, code) => {
    const jobId = `lost-${name.toLowerCase()}`
    proxy.inject('CreatePipelineJob', 'after', code)
    await target.launch(requestFor(jobId, { say: { executor: shell('true') } }), signal)
    expect(proxy.calls.filter((method) => method === 'CreatePipelineJob')).toHaveLength(1)
    expect((await endOf(jobId)).state).toBe('succeeded')
  })

  it('says that nobody answered when the job was not made, so that it is tried later', async () => {
    proxy.inject('CreatePipelineJob', 'before', UNAVAILABLE)
    const request = requestFor('unmade', { say: { executor: shell('true') } })
    const fault = await faultOf(target.launch(request, signal))
    expect(fault).toMatchObject({ code: 'target_unavailable', retryable: true })
    expect(fault.message).toContain('CreatePipelineJob of projects/local/locations/local/pipelineJobs/unmade')
    await target.launch(request, signal)
  })

  it('repeats a launch that a quota held back', async () => {
    proxy.inject('CreatePipelineJob', 'before', RESOURCE_EXHAUSTED)
    await target.launch(requestFor('patient', { say: { executor: shell('true') } }), signal)
    expect(proxy.calls.filter((method) => method === 'CreatePipelineJob')).toHaveLength(2)
  })

  it('repeats reading, and gives the words of a refusal', async () => {
    proxy.inject('GetPipelineJob', 'before', UNAVAILABLE, 2)
    expect((await target.inspect('patient', signal)).state).not.toBe('missing')
    proxy.inject('GetPipelineJob', 'before', INVALID_ARGUMENT)
    const fault = await faultOf(target.inspect('patient', signal))
    expect(fault).toMatchObject({ code: 'target_refused', retryable: false })
    expect(fault.message).toContain('was refused: injected')
    const request = requestFor('unknown-parameter', { say: { executor: shell('true') } })
    const refused = await faultOf(target.launch({ ...request, parameters: { nobody: 1 } }, signal))
    expect(refused).toMatchObject({ code: 'target_refused' })
    expect(refused.message).toContain('nobody')
  })

  it('stops at once when it is told to', async () => {
    const stop = new AbortController()
    proxy.inject('GetPipelineJob', 'before', UNAVAILABLE, 4)
    const asked = target.inspect('patient', stop.signal)
    stop.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    await target.inspect('patient', signal).catch(() => {})
  })

  it('says that nobody answers where nobody listens', async () => {
    const closed = await createFaultProxy(() => 1)
    await closed.close()
    await using lonely = targetAt(closed.port)
    expect(await faultOf(lonely.inspect('any', signal))).toMatchObject({ code: 'target_unavailable', retryable: true })
  })
})

describe('the registry', () => {
  it('copies a candidate into the model of that name, once', async () => {
    const candidate = await trained(3)
    const first = await settled(() => target.register('wheat', candidate, 'winnow-a-r1', signal))
    expect(first).toMatchObject({ model: `${parent}/models/wheat`, version: '1' })
    const again = await settled(() => target.register('wheat', candidate, 'winnow-a-r2', signal))
    expect(again).toEqual(first)
    const other = await trained(4)
    const second = await settled(() => target.register('wheat', other, 'winnow-b-r3', signal))
    expect(second).toMatchObject({ model: first.model, version: '2' })
    expect(second.digest).not.toBe(first.digest)
    expect(await settled(() => target.register('wheat', second, 'winnow-c-r4', signal))).toEqual(second)
  })

  it('uploads files that no registry holds, and finds them again by the key', async () => {
    const artifactUri = await writeModel(5)
    const files: ModelVersion = { model: '', version: '', displayName: 'model', aliases: [], artifactUri, digest: null }
    const first = await settled(() => target.register('Rye flour', files, 'winnow-d-r5', signal))
    expect(first.model).toMatch(/\/models\/rye-flour-[0-9a-f]{8}$/)
    expect(first).toMatchObject({
      version: '1',
      displayName: 'Rye flour',
      aliases: expect.arrayContaining(['winnow-d-r5']),
    })
    expect(await settled(() => target.register('Rye flour', files, 'winnow-d-r5', signal))).toEqual(first)
  })

  it('makes one version when the answer was lost', async () => {
    const candidate = await trained(6)
    proxy.inject('CopyModel', 'after', UNAVAILABLE)
    expect(await faultOf(target.register('oats', candidate, 'winnow-e-r6', signal))).toMatchObject({ retryable: true })
    const version = await settled(() => target.register('oats', candidate, 'winnow-e-r6', signal))
    expect(version.version).toBe('1')
    const all = (await target.models(signal)).filter(({ model }) => model === version.model)
    expect(all).toHaveLength(1)
  })

  it('moves aliases to exactly one version', async () => {
    const [one, two] = [await trained(7), await trained(8)]
    const first = await settled(() => target.register('spelt', one, 'winnow-f-r7', signal))
    const second = await settled(() => target.register('spelt', two, 'winnow-f-r8', signal))
    await target.alias(first, ['champion', 'dev'], signal)
    await target.alias(second, ['champion'], signal)
    const aliases = (await target.models(signal))
      .filter(({ model }) => model === first.model)
      .map(({ version, aliases }) => [version, aliases.filter((alias) => alias !== 'default')])
    expect(Object.fromEntries(aliases)).toEqual({ '1': ['dev'], '2': ['champion'] })
  })

  it('reads evaluations and their slices', async () => {
    const { clients } = site
    const candidate = await trained(9)
    const number = (value: number) => ({ numberValue: value })
    const metrics = { structValue: { fields: { auRoc: number(0.99), logLoss: number(0.1) } } }
    const [evaluation] = await clients.models.importModelEvaluation({
      parent: `${candidate.model}@1`,
      modelEvaluation: { displayName: 'test split', metricsSchemaUri: 'gs://schema', metrics: metrics as never },
    })
    await clients.models.batchImportModelEvaluationSlices({
      parent: evaluation.name as string,
      modelEvaluationSlices: [
        {
          metricsSchemaUri: 'gs://schema',
          slice: { dimension: 'annotationSpec', value: 'SIRA' },
          metrics: { structValue: { fields: { auRoc: number(0.9) } } } as never,
        },
      ],
    })
    const observed = await target.observations([], candidate, signal)
    expect(observed).toMatchObject([
      {
        source: { kind: 'ModelEvaluation', name: evaluation.name },
        slice: null,
        metrics: { auRoc: 0.99, logLoss: 0.1 },
      },
      { slice: { dimension: 'annotationSpec', value: 'SIRA' }, metrics: { auRoc: 0.9 } },
    ])
  })

  it('has no candidate where a run made none, and says when the registry lost it', async () => {
    const task = {
      id: '1',
      name: 't',
      parent: null,
      state: 'succeeded',
      startedAt: 1,
      endedAt: 2,
      error: null,
      logUri: null,
    } as const
    expect(await target.candidate([{ ...task, artifacts: [] }], signal)).toBeUndefined()
    const artifact = {
      output: 'model',
      uri: '',
      schemaTitle: 'google.VertexModel',
      metadata: { resourceName: `${parent}/models/404` },
    }
    const fault = await faultOf(target.candidate([{ ...task, artifacts: [artifact] }], signal))
    expect(fault).toMatchObject({ code: 'target_refused' })
    expect(fault.message).toContain('models/404')
    const files = { output: 'model', uri: 'file:///m', schemaTitle: 'system.Model', metadata: {} }
    expect(await target.candidate([{ ...task, artifacts: [files] }], signal)).toMatchObject({
      version: '',
      artifactUri: 'file:///m',
    })
  })
})

describe('serving', () => {
  const registered = async (name: string, factor: number) => {
    const candidate = await trained(factor)
    return settled(() => target.register(name, candidate, `winnow-s-r${++count}`, signal))
  }
  const newEndpoint = async (name: string) => {
    await settled(() => target.createEndpoint(name, signal))
    return (await target.findEndpoint(name, signal))?.name as string
  }

  it('deploys without traffic, moves it, answers, and removes the old model', async () => {
    expect(await target.findEndpoint('mill', signal)).toBeUndefined()
    const endpoint = await newEndpoint('mill')
    const [old, young] = [await registered('mill', 2), await registered('mill', 5)]
    const first = await settled(() => target.deploy(endpoint, old, 'key-1', signal))
    expect(await target.endpoint(endpoint, signal)).toMatchObject({ displayName: 'mill', deployed: [first], split: {} })
    await target.split(endpoint, { [first.id]: 100 }, signal)
    const second = await settled(() => target.deploy(endpoint, young, 'key-2', signal))
    expect((await target.endpoint(endpoint, signal))?.split).toEqual({ [first.id]: 100 })
    const refused = await faultOf(target.undeploy(endpoint, first.id, signal))
    expect(refused).toMatchObject({ code: 'target_refused' })

    await target.split(endpoint, { [second.id]: 100, [first.id]: 0 }, signal)
    expect(await settled(() => target.undeploy(endpoint, first.id, signal))).toBeNull()
    const view = await target.endpoint(endpoint, signal)
    expect(view).toMatchObject({ deployed: [{ id: second.id, displayName: 'key-2' }], split: { [second.id]: 100 } })
    const answer = await target.predict(endpoint, [{ x: 4 }], {}, signal)
    expect(answer).toMatchObject({ predictions: [{ value: 20 }], deployedModel: second.id })
  })

  it('finds an endpoint that a pipeline made, by its display name', async () => {
    const made = await finished<{ name: string }>(
      site.clients.endpoints.createEndpoint({ parent, endpoint: { displayName: 'barn' } }),
    )
    expect((await target.findEndpoint('barn', signal))?.name).toBe(made.name)
    expect(await target.createEndpoint('barn', signal)).toBeDefined()
  })

  it('finds by its key what a lost answer deployed, and deploys it once', async () => {
    const endpoint = await newEndpoint('scales')
    const model = await registered('scales', 3)
    proxy.inject('DeployModel', 'after', UNAVAILABLE)
    expect(await faultOf(target.deploy(endpoint, model, 'key-3', signal))).toMatchObject({ retryable: true })
    const deployed = await settled(() => target.deploy(endpoint, model, 'key-3', signal))
    expect((await target.endpoint(endpoint, signal))?.deployed).toEqual([deployed])
  })

  it('goes on with an operation by its name after both sides were started anew', async () => {
    const endpoint = await newEndpoint('sieve')
    const model = await registered('sieve', 3)
    const started = await target.deploy(endpoint, model, 'key-4', signal)
    if (started.done) throw new Error('it was to be an operation')
    await site.restart()
    await using other = targetAt(site.platform.port)
    const view = await until('the operation', async () => {
      const seen = await other.operation(started.name, signal)
      return seen.done ? seen : undefined
    })
    expect(view.error).toBeNull()
    expect((await other.endpoint(endpoint, signal))?.deployed).toMatchObject([{ displayName: 'key-4' }])
    expect(await other.operation(`${parent}/operations/404`, signal)).toEqual({ done: true, error: null })
  })

  it('tells the words of an operation that failed', async () => {
    const endpoint = await newEndpoint('husk')
    const empty = await writeModel(1)
    await rm(join(empty, 'model.onnx'))
    await writeFile(join(empty, 'model.onnx'), 'not a model')
    const files: ModelVersion = {
      model: '',
      version: '',
      displayName: '',
      aliases: [],
      artifactUri: empty,
      digest: null,
    }
    const broken = await settled(() => target.register('chaff', files, 'winnow-x-r9', signal))
      .then((version) => settled(() => target.deploy(endpoint, version, 'key-5', signal)))
      .catch((error: Error) => error.message)
    expect(broken).toMatch(/model/)
    expect((await target.endpoint(endpoint, signal))?.deployed).toEqual([])
  })

  it('reads files of this machine only, and only the end of long ones', async () => {
    const path = join(site.root, 'long.log')
    await writeFile(path, `start${'x'.repeat(1_100_000)}end`)
    const text = await target.readText(pathToFileURL(path).href, signal)
    expect(text).toHaveLength(1024 * 1024)
    expect(text).toMatch(/xend$/)
    expect(await target.readText('file:///no/such/file', signal)).toBeUndefined()
    expect(await target.readText('gs://bucket/log', signal)).toBeUndefined()
  })
})
