import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../../src/domain/json.ts'
import { parsePipeline } from '../../src/pipelines/parse-pipeline.ts'
import type { EngineJob, EngineJobView, EngineTaskView } from '../../src/platform/engine/job.ts'
import type { Workshop } from '../engine/workshop.ts'

const folder = join(import.meta.dirname, 'fixtures', 'executors')

/** The spec of a fixture as a build keeps it: what it asks of a platform is a member of it. */
export const fixtureSpec = async (file: string): Promise<JsonObject> => {
  const { spec, platformSpec } = parsePipeline(await readFile(join(folder, file), 'utf8'), file)
  return { ...(spec as unknown as JsonObject), ...(platformSpec !== null && { platformSpec }) }
}

/** Runs a spec in a workshop, with its artifacts below `root/out`. */
export const runSpec = async (
  workshop: Workshop,
  id: string,
  spec: JsonObject,
  parameters: JsonObject = {},
  more: Partial<EngineJob> = {},
): Promise<EngineJobView> => {
  await workshop.engine.start({
    resourceName: `projects/barn/locations/eu/pipelineJobs/${id}`,
    id,
    spec,
    parameters,
    labels: {},
    pipelineRoot: join(workshop.root, 'out'),
    ...more,
  })
  return workshop.ended(id)
}

export const logOf = async ({ logUri }: EngineTaskView): Promise<string> =>
  readFile(fileURLToPath(logUri ?? 'file:///none'), 'utf8')
