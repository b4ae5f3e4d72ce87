import type { Json } from '../../domain/json.ts'
import { addTask } from './add-task.ts'
import { misuse } from './call-site.ts'
import type { Argument, Embedded } from './component.ts'
import type { ArtifactClass } from './definitions.ts'
import { interfaceSpec } from './interface-spec.ts'
import { sourceOf } from './references.ts'
import type { Task } from './task.ts'
import type { ArtifactType, Input, StringType } from './types.ts'

export interface ImporterOptions<Schema extends string> {
  /** Where the artifact is, such as `gs://bucket/beans.csv`. */
  readonly uri: Argument<StringType>
  readonly type: ArtifactClass<Schema>
  /** Import it again, though there is one with this URI and metadata already. */
  readonly reimport?: boolean
  readonly metadata?: Readonly<Record<string, Embedded>>
  /** Bring its files into the pipeline's workspace; the pipeline needs one. */
  readonly downloadToWorkspace?: boolean
}

/** The metadata with places in it for values that exist later, and those values by the importer's input for each. */
const readMetadata = (metadata: unknown): { readonly filled: Json; readonly later: ReadonlyMap<string, object> } => {
  const later = new Map<string, object>()
  const nameFor = (reference: object): string => {
    const known = [...later].find(([, other]) => sourceOf(other) === sourceOf(reference))
    const name = known?.[0] ?? (later.size === 0 ? 'metadata' : `metadata-${later.size + 1}`)
    later.set(name, reference)
    return name
  }
  const fill = (value: unknown): Json => {
    if (sourceOf(value)?.kind === 'text')
      throw misuse("a text`…` cannot be in an importer's metadata: give it to a task and take its output")
    if (sourceOf(value) !== undefined) return `{{$.inputs.parameters['${nameFor(value as object)}']}}`
    if (Array.isArray(value)) return value.map(fill)
    if (typeof value !== 'object' || value === null) return value as Json
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member)]))
  }
  return { filled: fill(metadata), later }
}

/** Adds a task that makes an artifact of what is somewhere already. */
export const importer = <Schema extends string>({
  uri,
  type,
  metadata,
  ...options
}: ImporterOptions<Schema>): Task<{ readonly artifact: ArtifactType<Schema> }> => {
  const { filled, later } = readMetadata(metadata ?? {})
  const inputs: Record<string, Input> = { uri: { kind: 'STRING' } }
  for (const [name, reference] of later) inputs[name] = sourceOf(reference)?.type ?? { kind: 'STRING' }
  const outputs = { artifact: { kind: 'ARTIFACT', schema: type.schema } } as const
  const executor = {
    importer: {
      artifactUri: sourceOf(uri) !== undefined ? { runtimeParameter: 'uri' } : { constant: uri as string },
      typeSchema: { schemaTitle: type.schema, schemaVersion: '0.0.1' },
      ...(metadata === undefined ? {} : { metadata: filled }),
      ...(options.reimport === true ? { reimport: true } : {}),
      ...(options.downloadToWorkspace === true ? { downloadToWorkspace: true } : {}),
    },
  }
  return addTask(
    {
      name: 'importer',
      inputs,
      outputs,
      spec: interfaceSpec(inputs, outputs),
      implementation: { kind: 'executor', executor },
    },
    { uri, ...Object.fromEntries(later) },
  )
}
