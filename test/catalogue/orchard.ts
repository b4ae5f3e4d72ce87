import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parse } from 'yaml'
import type { JsonObject } from '../../src/domain/json.ts'
import { createLog } from '../../src/log.ts'
import { createPlatform, type Platform, type PlatformOptions } from '../../src/platform/platform.ts'
import { fruit, writeCsv } from '../automl/fruit.ts'

const place = 'projects/orchard/locations/here'

interface TaskSeen {
  readonly state: string
  readonly error: string
  /** Output artifacts by name, and every output and input as `output:NAME` and `input:NAME`. */
  readonly artifacts: Readonly<Record<string, { readonly uri: string; readonly metadata: JsonObject }>>
  readonly metadata: JsonObject
}

export interface JobSeen {
  readonly state: string
  readonly error: string
  /** By the last part of their path. */
  readonly tasks: Readonly<Record<string, TaskSeen>>
}

export interface Orchard extends AsyncDisposable {
  readonly root: string
  readonly platform: Platform
  call(service: Parameters<Platform['services']['call']>[0], method: string, request: JsonObject): Promise<JsonObject>
  /** Runs a pipeline of the fixtures to its end. */
  run(pipeline: string, parameters?: JsonObject): Promise<JobSeen>
  /** Runs a compiled pipeline to its end. */
  runSpec(name: string, pipelineSpec: JsonObject, parameters?: JsonObject): Promise<JobSeen>
}

/** A platform with a table of 400 fruits, as `bq://orchard.harvest.fruit` and `gs://orchard/fruit.csv`. */
export const openOrchard = async (options: Partial<PlatformOptions> = {}): Promise<Orchard> => {
  const root = await mkdtemp(join(tmpdir(), 'winnow-catalogue-'))
  const data = await writeCsv(join(root, 'fruit.csv'), fruit(400))
  const platform = await createPlatform({
    root: join(root, 'platform'),
    environments: join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments'),
    addresses: { 'bq://orchard.harvest.fruit': data, 'gs://orchard/': `${root}/` },
    log: createLog('silent'),
    ...options,
  })
  const call: Orchard['call'] = (service, method, request) => platform.services.call(service, method, request)
  const runSpec: Orchard['runSpec'] = async (displayName, pipelineSpec, parameterValues = {}) => {
    const runtimeConfig = { parameterValues, gcsOutputDirectory: join(root, 'runs') }
    const request = { parent: place, pipelineJob: { displayName, pipelineSpec, runtimeConfig } }
    const { name } = await call('PipelineService', 'createPipelineJob', request)
    for (;;) {
      const job = await call('PipelineService', 'getPipelineJob', { name: String(name) })
      if (/SUCCEEDED|FAILED|CANCELLED/.test(String(job['state']))) return seen(job)
      await delay(100)
    }
  }
  return {
    root,
    platform,
    call,
    runSpec,
    run: async (pipeline, parameters) => {
      const file = join(import.meta.dirname, 'fixtures', `${pipeline}.yaml`)
      return runSpec(pipeline, parse(readFileSync(file, 'utf8')) as JsonObject, parameters)
    },
    [Symbol.asyncDispose]: async () => {
      await platform.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

interface Detail {
  readonly taskName: string
  readonly state: string
  readonly error?: { readonly message: string }
  readonly execution?: { readonly metadata?: JsonObject }
  readonly outputs?: Readonly<Record<string, { readonly artifacts: readonly { uri: string; metadata: JsonObject }[] }>>
}

const seen = (job: JsonObject): JobSeen => {
  const details = ((job['jobDetail'] as JsonObject | undefined)?.['taskDetails'] ?? []) as unknown as readonly Detail[]
  return {
    state: String(job['state']),
    error: String((job['error'] as JsonObject | undefined)?.['message'] ?? ''),
    tasks: Object.fromEntries(
      details.map((task) => [
        task.taskName,
        {
          state: task.state,
          error: task.error?.message ?? '',
          metadata: task.execution?.metadata ?? {},
          artifacts: Object.fromEntries(
            Object.entries(task.outputs ?? {}).flatMap(([name, { artifacts }]) =>
              artifacts[0] === undefined ? [] : [[name, artifacts[0]]],
            ),
          ),
        },
      ]),
    ),
  }
}
