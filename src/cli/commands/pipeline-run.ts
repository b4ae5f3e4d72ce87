import { randomBytes } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault, messageOf } from '../../domain/errors.ts'
import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import { silentLog } from '../../log.ts'
import type { ContainerMode } from '../../platform/engine/containers/containers.ts'
import type { SandboxMode } from '../../platform/engine/open-isolation.ts'
import { createPlatform } from '../../platform/platform.ts'
import { type ClientOptions, dataFolderOf } from '../client.ts'
import { compileFile, pythonOf } from '../compile-file.ts'
import { interruptible } from '../interruptible.ts'
import { describeJob, type JobResult, jobResult } from '../job-result.ts'
import { createLive } from '../live.ts'
import { localAddresses } from '../local-addresses.ts'
import { exitCodes } from '../report-failure.ts'
import { parametersInFile, runtimeParameters } from '../runtime-config.ts'
import { print, printJson } from '../table.ts'
import { taskTree } from '../task-tree.ts'

interface Options extends ClientOptions {
  readonly function?: string
  readonly requirements?: string
  readonly parameters?: string
  readonly map?: readonly string[]
  readonly containers?: ContainerMode
  readonly sandbox?: SandboxMode
  readonly network?: 'allow' | 'none'
  readonly cache: boolean
  readonly json?: boolean
}

/** Asking often enough to be at most a twentieth late, and not so often that asking is what takes the time. */
const pollMs = (runningMs: number): number => Math.min(200, Math.max(5, runningMs / 20))
const ended = ['succeeded', 'failed', 'cancelled']

/** `winnow pipeline run FILE`: compiles where needed and runs on a platform inside this process. Exit 0: it succeeded. */
export const pipelineRun = async (file: string, options: Options): Promise<void> => {
  const result = await interruptible((signal) => run(file, options, signal)).catch((error: unknown) => {
    // A program that reads standard output finds its answer there whatever happens; the words for people go beside it.
    if (options.json) printJson(refusal(error))
    throw error
  })
  if (options.json) printJson(result)
  else for (const line of describeJob(result)) print(line)
  // Some vendor code keeps timers; everything of ours has been closed by now.
  process.exit(result.state === 'succeeded' ? 0 : exitCodes.failed)
}

const refusal = (error: unknown): JobResult => ({ state: 'failed', error: messageOf(error), outputs: {}, tasks: [] })

const run = async (file: string, options: Options, signal: AbortSignal): Promise<JobResult> => {
  const parameters = parametersOf(options.parameters)
  const data = resolve(dataFolderOf(options))
  const addresses = await localAddresses(dirname(resolve(file)), options.map ?? [])
  const progress = (line: string): void => void process.stderr.write(`${line}\n`)
  const ir = await compileFile(file, { ...options, ...pythonOf(), cacheFolder: data, progress }, signal)
  const platform = await createPlatform({
    root: join(data, 'platform'),
    environments: join(data, 'python'),
    ...pythonOf(),
    addresses,
    containers: options.containers ?? 'auto',
    sandbox: options.sandbox ?? 'auto',
    network: options.network ?? 'allow',
    hidden: [data],
    // A pipeline's own folder is where its data lies, as often as not.
    readable: [dirname(resolve(file))],
    log: silentLog,
  })
  try {
    const { name } = await platform.services.call('PipelineService', 'createPipelineJob', {
      parent: platform.parent,
      pipelineJobId: `cli-${randomBytes(6).toString('hex')}`,
      pipelineJob: jobOf(
        ir,
        { ...(await parametersInFile(file)), ...parameters },
        join(data, 'artifacts'),
        options.cache,
      ),
    })
    const live = createLive()
    const begun = performance.now()
    for (let cancelled = false; ; await wait(pollMs(performance.now() - begun), undefined, {})) {
      if (signal.aborted && !cancelled) {
        cancelled = true
        await platform.services.call('PipelineService', 'cancelPipelineJob', { name })
      }
      const result = jobResult(await platform.services.call('PipelineService', 'getPipelineJob', { name }))
      if (!options.json) live.draw(taskTree(result.tasks, Date.now()))
      if (ended.includes(result.state)) return result
    }
  } catch (error) {
    throw refusedBy(error)
  } finally {
    await platform.close()
  }
}

const parametersOf = (text: string | undefined): JsonObject => {
  if (text === undefined) return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Fault('usage', `--parameters is not JSON: ${messageOf(cause)}`, {
      remedy: 'Write it as \'{"name": value}\'.',
      cause,
    })
  }
  if (!isJsonObject(value))
    throw new Fault('usage', '--parameters is not a JSON object', { remedy: 'Write it as \'{"name": value}\'.' })
  return value
}

const jobOf = (spec: JsonObject, parameters: JsonObject, root: string, cache: boolean): JsonObject => {
  return {
    displayName: 'winnow pipeline run',
    pipelineSpec: cache ? spec : withoutCache(spec),
    runtimeConfig: { gcsOutputDirectory: root, ...runtimeParameters(spec, parameters) },
  }
}

/** The spec with caching off for every task of every DAG. */
const withoutCache = (spec: JsonObject): JsonObject => {
  const mend = (dag: unknown): JsonObject | undefined => {
    if (!isJsonObject(dag) || !isJsonObject(dag['tasks'])) return undefined
    const tasks = Object.entries(dag['tasks']).map(([name, task]) => [
      name,
      isJsonObject(task) ? { ...task, cachingOptions: {} } : task,
    ])
    return { ...dag, tasks: Object.fromEntries(tasks) }
  }
  const component = (value: unknown): unknown => {
    if (!isJsonObject(value)) return value
    const dag = mend(value['dag'])
    return dag === undefined ? value : { ...value, dag }
  }
  const components = isJsonObject(spec['components']) ? spec['components'] : {}
  return {
    ...spec,
    root: component(spec['root']) as JsonObject,
    components: Object.fromEntries(
      Object.entries(components).map(([name, value]) => [name, component(value)]),
    ) as JsonObject,
  }
}

/** The platform answers in gRPC's terms; a person reads its words. */
const refusedBy = (error: unknown): unknown => {
  const { details } = error as { details?: unknown }
  return typeof details === 'string' ? new Fault('pipeline_invalid', details, { cause: error }) : error
}
