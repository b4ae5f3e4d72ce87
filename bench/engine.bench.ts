import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { JsonObject } from '../src/domain/json.ts'
import { silentLog } from '../src/log.ts'
import { createPlatform, type Platform } from '../src/platform/platform.ts'
import { createPythonEnvironments, type PythonEnvironment } from '../src/processes/python-environments.ts'
import type { Figure } from './run.ts'
import { milliseconds } from './stage.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('./kfp_local.py', import.meta.url))
const environmentsFolder = join(tmpdir(), 'winnow-bench-environments')
const chainLength = 50
const rounds = 3

type Variant = 'shipped' | 'stripped'

const kfp = async ({ python }: PythonEnvironment, ...args: readonly string[]): Promise<string> => {
  const env = { ...process.env, PATH: `${dirname(python)}:${process.env['PATH'] ?? ''}` }
  const { stdout } = await run(python, [script, ...args], { env, maxBuffer: 64 * 2 ** 20 })
  return stdout
}

/** Milliseconds that kfp.local took; its last line says seconds. */
const peer = async (environment: PythonEnvironment, pipeline: string, variant: Variant): Promise<number> =>
  Number((await kfp(environment, 'run', pipeline, variant)).trim().split('\n').at(-1)) * 1_000

/** Milliseconds from the call that creates a job to its end as a client sees it. */
const ours = async (platform: Platform, file: string, id: string): Promise<number> => {
  const pipelineSpec = JSON.parse(await readFile(file, 'utf8')) as JsonObject
  const begun = performance.now()
  const { name } = await platform.services.call('PipelineService', 'createPipelineJob', {
    parent: platform.parent,
    pipelineJobId: id,
    pipelineJob: { displayName: id, pipelineSpec, runtimeConfig: { gcsOutputDirectory: join(dirname(file), 'out') } },
  })
  for (;;) {
    const { state } = await platform.services.call('PipelineService', 'getPipelineJob', { name })
    if (state === 'PIPELINE_STATE_SUCCEEDED') return performance.now() - begun
    if (state === 'PIPELINE_STATE_FAILED') throw new Error(`${id} failed`)
    await pause(5)
  }
}

/** The pipelines of kfp_local.py, compiled as kfp compiles them, beside kfp.local: as shipped, and without its pip. */
export const bench = async (): Promise<readonly Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-bench-'))
  try {
    const environments = createPythonEnvironments({ folder: environmentsFolder })
    const environment = await environments.ensure(['kfp==2.17.0', 'pip==25.3'])
    await kfp(environment, 'compile', folder)
    const platform = await createPlatform({
      root: join(folder, 'platform'),
      environments: environmentsFolder,
      log: silentLog,
    })
    const median = async (pipeline: string): Promise<number> => {
      const times: number[] = []
      // The first round makes the components' environment and starts its server: it does not count.
      for (let round = 0; round <= rounds; round += 1)
        times.push(await ours(platform, join(folder, `${pipeline}.json`), `${pipeline}-${round}`))
      return times.slice(1).sort((a, b) => a - b)[1] as number
    }
    const [chain, sleeps, fan] = [await median('chain'), await median('sleeps'), await median('fan')]
    await platform.close()
    const shipped = (await peer(environment, 'chain', 'shipped')) / chainLength
    const stripped = (await peer(environment, 'chain', 'stripped')) / chainLength
    const theirSleeps = await peer(environment, 'sleeps', 'stripped')
    const theirFan = await peer(environment, 'fan', 'stripped')
    const step = chain / chainLength
    const figure = (what: string, own: number, name: string, other: number, aim?: string): Figure => ({
      what,
      ours: milliseconds(own),
      peer: `${milliseconds(other)}, kfp.local ${name}`,
      ratio: own / other,
      ...(aim === undefined ? {} : { aim }),
    })
    return [
      figure('one task of a 50-step chain', step, 'as shipped', shipped, 'a ratio of 0.04'),
      figure('one task of a 50-step chain', step, 'without its pip', stripped, 'a ratio of 0.20'),
      figure('four independent one-second tasks', sleeps, 'without its pip', theirSleeps, 'under 1500 ms'),
      figure('ParallelFor over 100 items', fan, 'without its pip', theirFan),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
