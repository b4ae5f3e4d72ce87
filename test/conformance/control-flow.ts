import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import { parsePipeline } from '../../src/pipelines/parse-pipeline.ts'
import { createAddresses } from '../../src/platform/addresses.ts'
import type { EngineJobView } from '../../src/platform/engine/job.ts'
import { openEngine } from '../engine/workshop.ts'

const fixtures = join(import.meta.dirname, 'fixtures', 'control-flow')

/** What came of a job: every task by its path without the root, with what it said or else the state it ended in. */
export interface Outcome {
  readonly state: EngineJobView['state']
  readonly error: string | null
  readonly outputs: Readonly<Record<string, Json>>
  readonly tasks: Readonly<Record<string, Json>>
  /** How often each task was tried. */
  readonly attempts: Readonly<Record<string, number>>
}

const outcomeOf = (view: EngineJobView): Outcome => {
  const told = view.tasks.flatMap(({ path, kind, state, outputs }): [string, Json][] => {
    if (kind === 'group' && (state === 'succeeded' || state === 'running')) return []
    const said = Object.values(outputs.parameters)
    const value = said.length === 1 ? said[0] : outputs.parameters
    return [[path.replace(/^root\./, ''), state === 'succeeded' ? (value as Json) : state]]
  })
  const artifacts = Object.entries(view.outputs.artifacts).map(([name, list]): [string, Json] => [
    name,
    list.map(({ metadata }) => metadata as Json) as Json,
  ])
  return {
    state: view.state,
    error: view.error,
    outputs: { ...view.outputs.parameters, ...Object.fromEntries(artifacts) },
    // The job's id is another in every run.
    tasks: JSON.parse(JSON.stringify(Object.fromEntries(told)).replaceAll(view.id, 'JOB')) as Outcome['tasks'],
    attempts: Object.fromEntries(view.tasks.map(({ path, attempts }) => [path.replace(/^root\./, ''), attempts])),
  }
}

/** An engine that runs pipelines to their end, containers on this machine without their images. */
export const openRuns = async () => {
  const root = await mkdtemp(join(tmpdir(), 'winnow-control-flow-'))
  const ends = new Map<string, (view: EngineJobView) => void>()
  const engine = openEngine(root, {
    containers: 'host',
    addresses: createAddresses({ map: {}, root }),
    onUpdate: (view) => {
      if (view.endedAt !== null) ends.get(view.id)?.(view)
    },
  })
  let count = 0
  const runSpec = async (spec: JsonObject, parameters: JsonObject = {}): Promise<Outcome> => {
    const id = `job-${++count}`
    const ended = new Promise<EngineJobView>((resolve) => ends.set(id, resolve))
    await engine.start({
      resourceName: `projects/p/locations/l/pipelineJobs/${id}`,
      id,
      spec,
      parameters,
      labels: {},
      pipelineRoot: '',
      enableCaching: false,
    })
    return outcomeOf(await ended)
  }
  return {
    root,
    runSpec,
    async run(name: string, parameters: JsonObject = {}): Promise<Outcome> {
      const file = `${name}.yaml`
      const { spec } = parsePipeline(await readFile(join(fixtures, file), 'utf8'), file)
      return runSpec(spec as unknown as JsonObject, parameters)
    },
    async [Symbol.asyncDispose]() {
      await engine.close()
      await rm(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
