import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Digest, digestJson } from '../../../domain/digest.ts'
import type { Json, JsonObject } from '../../../domain/json.ts'
import type { ReadyTask, RuntimeArtifact, TaskOutputs } from '../../../pipelines/execution.ts'
import type { Addresses } from '../../addresses.ts'
import { type CacheParts, missReason } from './cache-parts.ts'
import { contentDigest } from './content-digest.ts'

/** One task as the cache sees it. */
interface CacheQuery {
  readonly task: ReadyTask
  readonly component: JsonObject
  /** Tasks of one pipeline may share outputs by a key that their author gave. */
  readonly pipeline: string
  /** The lock or image digest of what it runs in. */
  readonly environment: Digest | null
}

export interface CacheKey {
  readonly key: Digest
  readonly parts: CacheParts
  /** Names the task over all runs of its pipeline. */
  readonly place: Digest
}

type CacheAnswer =
  | { readonly hit: true; readonly outputs: TaskOutputs; readonly reason: string }
  | { readonly hit: false; readonly reason: string /** Since it last ran. */; readonly changed: boolean }

/** Outputs of earlier tasks by the digest of everything that decided them. */
export interface TaskCache {
  /** Undefined where the outputs depend on the job itself. */
  key(query: CacheQuery): Promise<CacheKey | undefined>
  /** The outputs, if all their files are still what they were; else why the task has to run. */
  find(key: CacheKey): Promise<CacheAnswer>
  store(key: CacheKey, outputs: TaskOutputs, jobId: string): Promise<void>
}

interface Entry {
  readonly outputs: TaskOutputs
  /** Local path → digest of what lay there; null for nothing. */
  readonly contents: Readonly<Record<string, Digest | null>>
  readonly jobId?: string
}

/** Placeholders that read differently in every job: a task whose command holds one is never taken from the cache. */
const ofThisJob = /\{\{\$\.pipeline_(job|task)_|\{\{\$\.workspace_path/
const address = /^(gs|bq|s3|minio|file):/

export const createTaskCache = (folder: string, addresses: Addresses): TaskCache => {
  const hexOf = (digest: Digest): string => digest.slice('sha256:'.length)
  const fileOf = (key: Digest): string => join(folder, `${hexOf(key)}.json`)
  /** The parts with which a task last ran to its end. */
  const lastOf = (place: Digest): string => join(folder, 'last', `${hexOf(place)}.json`)

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

  const isWhole = async ({ contents }: Entry): Promise<boolean> => {
    for (const [path, digest] of Object.entries(contents)) if ((await contentDigest(path)) !== digest) return false
    return true
  }

  const inputsOf = async ({ inputs }: ReadyTask): Promise<Record<string, Digest>> => {
    const digests: Record<string, Digest> = {}
    for (const [name, value] of Object.entries(inputs.parameters)) digests[name] = digestJson(await parameterKey(value))
    for (const [name, list] of Object.entries(inputs.artifacts)) {
      const keys: Json[] = []
      for (const artifact of list) keys.push(await artifactKey(artifact))
      digests[name] = digestJson(keys)
    }
    return digests
  }

  const readJson = async <T>(path: string): Promise<T | undefined> => {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as T
    } catch {
      return undefined
    }
  }
  const writeJson = async (path: string, value: unknown): Promise<void> => {
    await mkdir(dirname(path), { recursive: true })
    const draft = `${path}.${randomBytes(4).toString('hex')}.draft`
    await writeFile(draft, JSON.stringify(value))
    await rename(draft, path)
  }

  return {
    async key({ task, component, pipeline, environment }) {
      const executor = task.executor as unknown as JsonObject
      const place = digestJson({ pipeline, path: task.path })
      const { givenCacheKey } = task
      if (givenCacheKey !== undefined) {
        const parts = { component: digestJson({ pipeline, givenCacheKey }), environment: null, inputs: {} }
        return { key: digestJson({ ...parts, outputs: component['outputDefinitions'] ?? {} }), parts, place }
      }
      if (ofThisJob.test(JSON.stringify(executor))) return undefined
      const parts = { component: digestJson({ component, executor }), environment, inputs: await inputsOf(task) }
      return { key: digestJson(parts), parts, place }
    },

    async find({ key, parts, place }) {
      const entry = await readJson<Entry>(fileOf(key))
      const whole = entry !== undefined && (await isWhole(entry))
      if (whole) {
        const source = entry.jobId === undefined ? 'an earlier run' : `the run ${entry.jobId}`
        return { hit: true, outputs: entry.outputs, reason: `taken from ${source}: same component, same inputs` }
      }
      const last = entry === undefined ? await readJson<CacheParts>(lastOf(place)) : parts
      return { hit: false, reason: missReason(parts, last), changed: last !== undefined }
    },

    async store({ key, parts, place }, outputs, jobId) {
      await writeJson(fileOf(key), { outputs, contents: await contentsOf(outputs), jobId } satisfies Entry)
      await writeJson(lastOf(place), parts)
    },
  }
}
