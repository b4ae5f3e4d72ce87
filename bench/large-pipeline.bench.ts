import type { JsonObject } from '../src/domain/json.ts'
import type { JobContext } from '../src/pipelines/execution.ts'
import { advance, startJob } from '../src/pipelines/interpreter.ts'
import { checkPipelineSpec } from '../src/pipelines/parse-pipeline.ts'
import { deepSpec, largeSpec, shapes } from './large-spec.ts'
import { startPeer } from './peer-process.ts'
import type { Figure } from './run.ts'

const context: JobContext = {
  resourceName: 'projects/p/locations/l/pipelineJobs/large',
  jobId: 'large',
  jobUuid: 'large',
  project: 'p',
  location: 'l',
  pipelineRoot: '/runs',
  workspacePath: '/scratch',
  taskId: (path) => path,
  artifactUri: (path, output) => `/runs/${path}/${output}`,
}

/** Microseconds of processor time per task to bring a job whose tasks end at once to its end. */
const scheduleOnce = (spec: JsonObject): number => {
  const checked = checkPipelineSpec(spec)
  const began = process.cpuUsage()
  let step = startJob(checked, {}, context)
  const queue = [...step.effects]
  let tasks = 0
  for (let i = 0; i < queue.length; i++) {
    const effect = queue[i]
    if (effect?.kind !== 'start') continue
    tasks++
    step = advance(step.state, {
      kind: 'succeeded',
      path: effect.task.path,
      outputs: { parameters: { o: 'x' }, artifacts: {} },
    })
    queue.push(...step.effects)
  }
  if (queue.at(-1)?.kind !== 'end') throw new Error('the job did not end')
  const { user, system } = process.cpuUsage(began)
  return (user + system) / tasks
}

/** The best of many runs, so that the compiler's and the neighbours' work does not count. */
const schedule = (spec: JsonObject): number => {
  const runs = [scheduleOnce(spec)]
  const until = performance.now() + 2000
  while (runs.length < 60 && performance.now() < until) runs.push(scheduleOnce(spec))
  return Math.min(...runs)
}

const micros = (value: number): string => `${value.toFixed(1)} µs per task`

const flat = (name: string, specFor: (size: number) => JsonObject, sizes: readonly number[]): Figure[] => {
  schedule(specFor(sizes[0] ?? 1))
  const [small = 0, ...larger] = sizes.map((size) => schedule(specFor(size)))
  return larger.map((cost, i) => ({
    what: `scheduling, ${name} ${sizes[i + 1]}`,
    ours: micros(cost),
    peer: `${micros(small)}: ${name} ${sizes[0]}`,
    ratio: cost / small,
    aim: 'flat, 1',
  }))
}

interface Told {
  readonly state: string
  readonly seconds: number
  readonly mebibytes: number
}

const runJob = async (...args: readonly string[]): Promise<Told> => {
  await using job = await startPeer('./large-job.ts', ...args)
  return JSON.parse(job.said) as Told
}

/** What a large pipeline costs: the interpreter's time for each task, and the whole engine's memory. */
export const bench = async (): Promise<readonly Figure[]> => {
  const figures = shapes.flatMap((shape) => flat(shape, (size) => largeSpec(shape, size), [100, 300, 1000]))
  figures.push(...flat('depth', deepSpec, [1, 5, 20]))
  const idle = await runJob()
  for (const args of [...shapes.map((shape) => [shape, '1000']), ['deep', '20']]) {
    const { state, seconds, mebibytes } = await runJob(...args)
    figures.push({
      what: `engine, ${args.join(' ')}: ${state}, ${seconds.toFixed(1)} s`,
      ours: `${Math.round(mebibytes)} MiB at most`,
      peer: `${Math.round(idle.mebibytes)} MiB: the same process without a job`,
      ratio: mebibytes / idle.mebibytes,
      aim: 'under 300 MB',
    })
  }
  return figures
}
