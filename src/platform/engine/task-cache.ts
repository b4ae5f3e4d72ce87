import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestJson } from '../../domain/digest.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import type { ReadyTask, RuntimeArtifact, TaskOutputs } from '../../pipelines/execution.ts'
import type { Addresses } from '../addresses.ts'
import { contentDigest } from './content-digest.ts'

/** Outputs of earlier tasks by the digest of everything that decided them. */
export interface TaskCache {
  /** The key of a task; `environment` is the lock of what it runs in. Null where it depends on the job itself. */
  key(task: ReadyTask, component: JsonObject, environment: Digest | null): Promise<Digest | null>
  /** The outputs, if all their files are still what they were. */
  find(key: Digest): Promise<TaskOutputs | undefined>
  store(key: Digest, outputs: TaskOutputs): Promise<void>
}

interface Entry {
  readonly outputs: TaskOutputs
  /** Local path → digest of what lay there; null for nothing. */
  readonly contents: Readonly<Record<string, Digest | null>>
}

/** Placeholders that read differently in every job: a task whose command holds one is never taken from the cache. */
const ofThisJob = /\{\{\$\.pipeline_(job|task)_|\{\{\$\.workspace_path/
const address = /^(gs|bq|s3|minio|file):/

export const createTaskCache = (folder: string, addresses: Addresses): TaskCache => {
  const fileOf = (key: Digest): string => join(folder, `${key.slice('sha256:'.length)}.json`)

  const localPath = (uri: string): string | undefined => {
    try {
      return addresses.resolve(uri)
    } catch {
      return undefined
    }
  }
  const pathOf = (artifact: RuntimeArtifact): string | undefined => artifact.customPath ?? localPath(artifact.uri)

  /** By content where the content can be read, by address where it cannot (a registered model, a table elsewhere). */
  const artifactKey = async ({ type, metadata, ...artifact }: RuntimeArtifact): Promise<Json> => {
    const path = pathOf({ type, metadata, ...artifact })
    const content = path === undefined ? null : await contentDigest(path)
    return { type, metadata, content: content ?? artifact.uri }
  }

  /** A parameter that is an address stands for the file that it leads to. */
  const parameterKey = async (value: Json): Promise<Json> => {
    if (typeof value !== 'string' || !address.test(value)) return value
    const path = localPath(value)
    return path === undefined ? value : [value, await contentDigest(path)]
  }

  const contentsOf = async (outputs: TaskOutputs): Promise<Record<string, Digest | null>> => {
    const contents: Record<string, Digest | null> = {}
    for (const artifact of Object.values(outputs.artifacts).flat()) {
      const path = pathOf(artifact)
      if (path !== undefined) contents[path] = await contentDigest(path)
    }
    return contents
  }

  return {
    async key(task, component, environment) {
      const executor = task.executor as unknown as JsonObject
      if (ofThisJob.test(JSON.stringify(executor))) return null
      const parameters: Record<string, Json> = {}
      for (const [name, value] of Object.entries(task.inputs.parameters)) parameters[name] = await parameterKey(value)
      const artifacts: Record<string, Json> = {}
      for (const [name, list] of Object.entries(task.inputs.artifacts)) {
        const keys: Json[] = []
        for (const artifact of list) keys.push(await artifactKey(artifact))
        artifacts[name] = keys
      }
      return digestJson({ component, executor, parameters, artifacts, environment })
    },

    async find(key) {
      let entry: Entry
      try {
        entry = JSON.parse(await readFile(fileOf(key), 'utf8')) as Entry
      } catch {
        return undefined
      }
      for (const [path, digest] of Object.entries(entry.contents))
        if ((await contentDigest(path)) !== digest) return undefined
      return entry.outputs
    },

    async store(key, outputs) {
      await mkdir(folder, { recursive: true })
      const entry: Entry = { outputs, contents: await contentsOf(outputs) }
      const draft = `${fileOf(key)}.${randomBytes(4).toString('hex')}.draft`
      await writeFile(draft, JSON.stringify(entry))
      await rename(draft, fileOf(key))
    },
  }
}
