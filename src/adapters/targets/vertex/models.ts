import type { google } from '@google-cloud/aiplatform/build/protos/protos.js'
import type { Digest } from '../../../domain/digest.ts'
import { Fault } from '../../../domain/errors.ts'
import type { ModelVersion } from '../../../domain/evidence.ts'
import { isJsonObject } from '../../../domain/json.ts'
import type { ModelRegistry } from '../../../domain/ports/models.ts'
import type { Operation } from '../../../domain/ports/operation.ts'
import type { ArtifactView, TaskView } from '../../../domain/run.ts'
import { type Call, isNotFound, unlessBeingMade } from './calls.ts'
import type { Clients } from './clients.ts'
import { resourceIdOf, splitModelName } from './names.ts'
import { fromValue } from './values.ts'

type Model = google.cloud.aiplatform.v1.IModel

/** A candidate whose files lie somewhere but which no registry holds yet has no version. */
const isUnregistered = (candidate: ModelVersion): boolean => candidate.version === ''

export const createModels = (
  clients: Clients,
  call: Call,
  parent: string,
): Omit<ModelRegistry, 'observations' | 'tables'> => {
  const get = async (name: string, signal: AbortSignal): Promise<Model | undefined> => {
    const client = await clients.models()
    try {
      return await call({ method: 'GetModel', resource: name, kind: 'read' }, signal, (options) =>
        client.getModel({ name }, options),
      )
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  const versions = async (model: string, signal: AbortSignal): Promise<readonly Model[]> => {
    const client = await clients.models()
    try {
      return await call({ method: 'ListModelVersions', resource: model, kind: 'read' }, signal, (options) =>
        client.listModelVersions({ name: model }, options),
      )
    } catch (error) {
      if (isNotFound(error)) return []
      throw error
    }
  }

  return {
    candidate: async (tasks, signal) => {
      const artifact = modelArtifact(tasks)
      if (artifact === undefined) return undefined
      const name = resourceNameOf(artifact)
      if (name === undefined) return unregistered(artifact)
      const model = await get(name, signal)
      if (model === undefined)
        throw new Fault('target_refused', `the run names ${name} as its model, but the registry does not hold it`, {
          remedy: 'look whether the pipeline deletes its model, or whether somebody else did',
        })
      return versionOf(model)
    },

    register: async (name, candidate, key, signal) => {
      const model = `${parent}/models/${resourceIdOf(name)}`
      if (candidate.model === model && !isUnregistered(candidate)) return { done: true, result: candidate }
      const existing = await versions(model, signal)
      const found = existing.find((version) => standsFor(version, candidate, key))
      if (found !== undefined) return { done: true, result: versionOf(found) }

      const client = await clients.models()
      const place = existing.length === 0 ? { modelId: resourceIdOf(name) } : { parentModel: model }
      const started = isUnregistered(candidate)
        ? call({ method: 'UploadModel', resource: model, kind: 'act' }, signal, (options) =>
            client.uploadModel(
              {
                parent,
                ...place,
                model: { displayName: name, artifactUri: candidate.artifactUri, versionAliases: [key] },
              },
              options,
            ),
          )
        : call({ method: 'CopyModel', resource: model, kind: 'act' }, signal, (options) =>
            client.copyModel({ parent, ...place, sourceModel: `${candidate.model}@${candidate.version}` }, options),
          )
      return pending(
        await started.catch((error: unknown) => {
          throw unlessBeingMade(error, `a version of ${model}`)
        }),
      )
    },

    alias: async (version, aliases, signal) => {
      const client = await clients.models()
      const name = `${version.model}@${version.version}`
      const wanted = aliases.filter((alias) => !version.aliases.includes(alias))
      if (wanted.length === 0) return
      // An alias that another version holds moves by itself: one version at most has it.
      await call({ method: 'MergeVersionAliases', resource: name, kind: 'set' }, signal, (options) =>
        client.mergeVersionAliases({ name, versionAliases: wanted }, options),
      )
    },

    models: async (signal) => {
      const client = await clients.models()
      const models = await call({ method: 'ListModels', resource: parent, kind: 'read' }, signal, (options) =>
        client.listModels({ parent }, options),
      )
      const all: ModelVersion[] = []
      for (const model of models)
        for (const version of await versions(splitModelName(model.name ?? '').model, signal))
          all.push(versionOf(version))
      return all
    },
  }
}

export const pending = (operation: { name?: string | undefined }): Operation<never> => {
  if (operation.name === undefined || operation.name === '')
    throw new Fault('target_refused', 'the target started an operation without a name', {
      remedy: 'the target does not speak the Vertex AI protocol; look at its address in the config',
    })
  return { done: false, name: operation.name }
}

const standsFor = (version: Model, candidate: ModelVersion, key: string): boolean => {
  if (version.versionAliases?.includes(key)) return true
  const original = version.originalModelInfo?.model
  if (!original || isUnregistered(candidate)) return false
  const from = splitModelName(original)
  return from.model === candidate.model && from.version === candidate.version
}

/** The version as Winnow knows it. Vertex AI tells no digest of a model's files; the embedded platform keeps one in its metadata. */
const versionOf = (model: Model): ModelVersion => {
  const metadata = fromValue(model.metadata)
  const digest = isJsonObject(metadata) ? metadata['digest'] : undefined
  return {
    model: splitModelName(model.name ?? '').model,
    version: model.versionId || splitModelName(model.name ?? '').version || '1',
    displayName: model.displayName ?? '',
    aliases: model.versionAliases ?? [],
    artifactUri: model.artifactUri ?? '',
    digest: typeof digest === 'string' && digest.startsWith('sha256:') ? (digest as Digest) : null,
  }
}

/** The model that the run made last: a registered one before files that nobody registered. */
const modelArtifact = (tasks: readonly TaskView[]): ArtifactView | undefined => {
  const made = [...tasks]
    .filter((task) => task.state === 'succeeded' || task.state === 'cached')
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
    .flatMap((task) => task.artifacts)
  const registered = made.filter(
    (artifact) => artifact.schemaTitle === 'google.VertexModel' && resourceNameOf(artifact) !== undefined,
  )
  return registered.at(-1) ?? made.filter((artifact) => artifact.schemaTitle === 'system.Model' && artifact.uri).at(-1)
}

/** `metadata.resourceName`, or what the artifact's URI ends with (`https://…/v1/projects/…/models/m`). */
const resourceNameOf = (artifact: ArtifactView): string | undefined => {
  if (artifact.schemaTitle !== 'google.VertexModel') return undefined
  const named = artifact.metadata['resourceName']
  if (typeof named === 'string' && named !== '') return named
  return /projects\/[^/]+\/locations\/[^/]+\/models\/[^/]+$/.exec(artifact.uri)?.[0]
}

const unregistered = (artifact: ArtifactView): ModelVersion => {
  const digest = artifact.metadata['digest']
  return {
    model: '',
    version: '',
    displayName: artifact.output,
    aliases: [],
    artifactUri: artifact.uri,
    digest: typeof digest === 'string' && digest.startsWith('sha256:') ? (digest as Digest) : null,
  }
}
