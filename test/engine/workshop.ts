import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { JsonObject } from '../../src/domain/json.ts'
import { createAddresses } from '../../src/platform/addresses.ts'
import type { EngineJob, EngineJobView, EngineTaskView } from '../../src/platform/engine/job.ts'
import { createJobEngine, type Engine, type JobEngineOptions } from '../../src/platform/engine/job-engine.ts'
import { createPythonEnvironments } from '../../src/processes/python-environments.ts'

/** Environments are shared by all tests of this machine: building one takes seconds. */
const environmentsFolder = join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments')

export const readPipeline = async (name: string): Promise<JsonObject> =>
  parse(await readFile(join(import.meta.dirname, 'fixtures', `${name}.yaml`), 'utf8')) as JsonObject

const noServices = {
  call: () => Promise.reject(new Error('no services here')),
  finish: () => Promise.reject(new Error('no services here')),
}

export interface Workshop extends AsyncDisposable {
  readonly root: string
  /** The folder in which tasks and tests leave files for each other. */
  readonly shared: string
  readonly engine: Engine
  /** Starts a pipeline of the fixtures. */
  start(id: string, pipeline: string, parameters?: JsonObject, more?: Partial<EngineJob>): Promise<void>
  /** Starts a pipeline that is written out. */
  startSpec(id: string, spec: JsonObject): Promise<void>
  /** The job's view when it has ended. */
  ended(id: string): Promise<EngineJobView>
  run(id: string, pipeline: string, parameters?: JsonObject, more?: Partial<EngineJob>): Promise<EngineJobView>
}

export const openEngine = (root: string, options: Partial<JobEngineOptions> = {}): Engine =>
  createJobEngine({
    root: join(root, 'platform'),
    environments: createPythonEnvironments({ folder: environmentsFolder }),
    findNative: () => undefined,
    services: noServices,
    addresses: createAddresses({ map: {}, root }),
    vertexEndpoint: () => '127.0.0.1:1',
    containers: 'refuse',
    ...options,
  })

export const jobOfSpec = (
  id: string,
  spec: JsonObject,
  parameters: JsonObject,
  more: Partial<EngineJob> = {},
): EngineJob => ({
  resourceName: `projects/local/locations/local/pipelineJobs/${id}`,
  id,
  spec,
  parameters,
  labels: {},
  pipelineRoot: '',
  ...more,
})

export const jobOf = async (
  id: string,
  pipeline: string,
  parameters: JsonObject,
  more: Partial<EngineJob> = {},
): Promise<EngineJob> => jobOfSpec(id, await readPipeline(pipeline), parameters, more)

export const openWorkshop = async (options: Partial<JobEngineOptions> = {}): Promise<Workshop> => {
  const root = await mkdtemp(join(tmpdir(), 'winnow-engine-'))
  const shared = join(root, 'shared')
  await mkdir(shared)
  const views = new Map<string, EngineJobView>()
  const engine = openEngine(root, {
    onUpdate: (view) => {
      views.set(view.id, view)
    },
    addresses: createAddresses({ map: { 'gs://barn/': join(root, 'barn') }, root }),
    ...options,
  })
  const start: Workshop['start'] = async (id, pipeline, parameters = { shared }, more = {}) =>
    engine.start(await jobOf(id, pipeline, parameters, more))
  const ended = async (id: string): Promise<EngineJobView> => {
    await until(`the end of ${id}`, () => (views.get(id)?.endedAt ?? null) !== null)
    return views.get(id) as EngineJobView
  }
  return {
    root,
    shared,
    engine,
    start,
    startSpec: (id, spec) => engine.start(jobOfSpec(id, spec, {})),
    ended,
    async run(id, ...rest) {
      await start(id, ...rest)
      return ended(id)
    },
    async [Symbol.asyncDispose]() {
      await engine.close()
      await rm(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

export const taskOf = (view: EngineJobView, name: string): EngineTaskView => {
  const found = view.tasks.find((task) => task.name === name)
  if (found === undefined) throw new Error(`no task ${name} among ${view.tasks.map((task) => task.name).join(', ')}`)
  return found
}

export const until = async (what: string, ready: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 150_000
  while (!(await ready())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
export const untilFile = (path: string): Promise<void> => until(path, () => existsSync(path))

/** True for a process that lives; a zombie does not. */
export const lives = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z'
}
