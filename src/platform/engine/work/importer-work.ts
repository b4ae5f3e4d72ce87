import { constants } from 'node:fs'
import { cp, mkdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Fault } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { ReadyTask, RuntimeArtifact } from '../../../pipelines/execution.ts'
import type { Addresses } from '../../addresses.ts'
import { numericId } from '../job-files.ts'
import type { Attempt } from '../task-attempt.ts'
import { neverCached, type Work } from './work.ts'

type Importer = Extract<ReadyTask['executor'], { kind: 'importer' }>

/** Buckets and tables: an import of one must lead somewhere here. Other addresses (a model's, a web page's) just are. */
const needsPlace = /^(gs|s3|minio|bq|file):|^\//

/** Without `reimport` the same artifact keeps its name from job to job; with it, every import is a new one. */
const nameOf = (attempt: Attempt, output: string, { uri, type, metadata, reimport }: Importer): string => {
  if (reimport) return attempt.layout.artifactName(output)
  const place = attempt.runtime.context.resourceName.split('/').slice(0, 4).join('/')
  return `${place}/metadataStores/default/artifacts/${numericId(uri, JSON.stringify([type, metadata] satisfies JsonObject[]))}`
}

/** Where kfp's launcher puts `gs://bucket/a.csv`, seen from the workspace: `.artifacts/gs/bucket/a.csv`. */
const workspacePath = (workspace: string, uri: string): string => {
  const parts = uri.split(/[/:]+/).filter((part) => !['', '.', '..'].includes(part))
  return join(workspace, '.artifacts', ...parts)
}

/** Copies what the address leads to into the job's workspace; the path of the copy. */
const bringIn = async ({ task, runtime, log }: Attempt, uri: string, addresses: Addresses): Promise<string> => {
  const from = addresses.resolve(uri)
  if ((await stat(from).catch(() => undefined)) === undefined)
    throw new Fault('artifact_missing', `${task.name} cannot bring ${uri} into the workspace: nothing is at ${from}`, {
      remedy: 'Put the file there, or correct where the address is mapped to.',
    })
  const to = workspacePath(runtime.context.workspacePath, uri)
  await mkdir(dirname(to), { recursive: true })
  await cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE })
  log(`copied ${from} to ${to}`)
  return to
}

/** The artifact that an importer makes. Its address is kept as it was written; tasks get the path that it leads to. */
export const importerWork = (importer: Importer, addresses: Addresses): Work => ({
  basis: neverCached('an importer does no work'),
  run: async (attempt) => {
    const { uri, type, metadata, downloadToWorkspace } = importer
    if (needsPlace.test(uri)) addresses.resolve(uri)
    const [output = 'artifact'] = Object.keys(attempt.task.outputs.artifacts)
    const artifact: RuntimeArtifact = {
      name: nameOf(attempt, output, importer),
      uri,
      type,
      metadata,
      ...(downloadToWorkspace && { customPath: await bringIn(attempt, uri, addresses) }),
    }
    return { parameters: {}, artifacts: { [output]: [artifact] } }
  },
})
