import { type Lineage, loopOf } from '../../domain/lineage.ts'
import type { Reading } from '../../domain/ports/store.ts'
import type { Run } from '../../domain/run.ts'
import { lineageAfter } from './lineage-of.ts'

/** Runs of a pipeline whose artifacts are looked through for those that lie elsewhere than under its job's name. */
const runsLookedThrough = 5
/** As `jobIdOf` makes them. */
const jobId = /^winnow-[a-z0-9-]+-[0-9a-f]{16}$/

export interface Written {
  readonly by: Run
  readonly lineage: Lineage
}

/** Which run of Winnow's wrote an object, and what led to it; undefined where nothing says that one did. */
export const writtenBy = async (
  store: Reading,
  repository: string,
  uri: string,
  pipelines: readonly string[],
): Promise<Written | undefined> => {
  const by = (await runOfPath(store, uri)) ?? (await runOfArtifact(store, repository, uri, pipelines))
  return by && { by, lineage: await lineageAfter(store, by) }
}

/** Why an object must not start a pipeline that led to it; undefined where it may. */
export const whyOwnOutput = (
  written: Written | undefined,
  repository: string,
  pipeline: string,
): string | undefined => {
  const loop = written && loopOf(written.lineage, repository, pipeline)
  return loop && `${loop}: run ${written?.by.id} wrote it`
}

/** Targets keep what a job writes under its name. */
const runOfPath = async (store: Reading, uri: string): Promise<Run | undefined> => {
  const names = uri.split('/').filter((part) => jobId.test(part))
  return names.length === 0 ? undefined : (await store.list('run', { jobId: names }, 1))[0]
}

/** An address that the run's parameters or data name is rather what it read: an importer's artifact lies there, too. */
const runOfArtifact = async (
  store: Reading,
  repository: string,
  uri: string,
  pipelines: readonly string[],
): Promise<Run | undefined> => {
  const state = ['running', 'succeeded'] as const
  const runs = await store.list('run', { repository, pipeline: pipelines, state }, runsLookedThrough)
  for (const run of runs) {
    const artifacts = run.tasks.flatMap((task) => task.artifacts.map((artifact) => artifact.uri))
    const holds = artifacts.find((one) => one !== '' && (uri === one || uri.startsWith(`${one.replace(/\/+$/, '')}/`)))
    if (holds !== undefined && !(await isNamed(store, run, holds))) return run
  }
  return undefined
}

const isNamed = async (store: Reading, run: Run, uri: string): Promise<boolean> => {
  if (run.manifest.some((object) => object.uri === uri)) return true
  const build = run.build === null ? undefined : await store.get('build', run.build)
  return JSON.stringify([run.parameters, build?.ir ?? null]).includes(JSON.stringify(uri).slice(1, -1))
}
