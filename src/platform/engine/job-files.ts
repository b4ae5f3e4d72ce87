import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { digestBytes, shortDigest } from '../../domain/digest.ts'
import type { Time } from '../../domain/time.ts'
import type { JobContext, TaskPath } from '../../pipelines/execution.ts'
import type { EngineJob } from './job.ts'

/** Where everything of one job lies. */
export interface JobFiles {
  readonly folder: string
  readonly journal: string
  readonly workspace: string
  /** The folder of all attempts of a task. */
  readonly task: (path: TaskPath) => string
  readonly attempt: (path: TaskPath, attempt: number) => string
  /** The folder of a task's output artifacts; the attempts share it, as each begins with an empty one. */
  readonly artifacts: (path: TaskPath) => string
}

/** A name that is safe as a file's; two different ones stay different. */
const safeName = (name: string): string => {
  const safe = name.replace(/[^A-Za-z0-9._[\]-]/g, '_').slice(0, 100)
  return safe === name && !/^\.+$/.test(name) ? name : `${safe.replace(/^\.+/, '_')}-${shortDigest(digestBytes(name))}`
}
const pathParts = (path: TaskPath): readonly string[] => path.split('.').map(safeName)

export const jobFolder = (root: string, jobId: string): string => join(root, 'jobs', safeName(jobId))

/** `artifactRoot` is the local path of the job's pipeline root. */
export const jobFiles = (root: string, artifactRoot: string, jobId: string): JobFiles => {
  const folder = jobFolder(root, jobId)
  const task = (path: TaskPath): string => join(folder, 'tasks', ...pathParts(path))
  return {
    folder,
    journal: join(folder, 'journal.jsonl'),
    workspace: join(folder, 'workspace'),
    task,
    attempt: (path, attempt) => join(task(path), `attempt-${attempt}`),
    artifacts: (path) => join(artifactRoot, safeName(jobId), ...pathParts(path)),
  }
}

/** A positive int64 as digits, the same for the same parts. */
export const numericId = (...parts: readonly string[]): string =>
  (createHash('sha256').update(parts.join('\n')).digest().readBigUInt64BE() >> 1n).toString()

const resourceParts = (resourceName: string): { project: string; location: string } => {
  const [, project = 'local', , location = 'local'] = resourceName.split('/')
  return { project, location }
}

export const jobContext = (
  job: EngineJob,
  uuid: string,
  createdAt: Time,
  files: JobFiles,
  pipelineRoot: string,
): JobContext => ({
  resourceName: job.resourceName,
  jobId: job.id,
  jobUuid: uuid,
  ...resourceParts(job.resourceName),
  pipelineRoot,
  createTime: new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
  taskId: (path) => numericId(uuid, path),
  artifactUri: (path, output) => join(files.artifacts(path), safeName(output)),
  workspacePath: files.workspace,
})
