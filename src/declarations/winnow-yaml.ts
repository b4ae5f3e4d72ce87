import type { PipelineSource } from '../domain/build.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Duration } from '../domain/time.ts'
import { didYouMean } from './describe-issue.ts'
import { loadYaml, type Place } from './load-yaml.ts'
import { sourceFaults, sourceOf } from './pipeline-source.ts'
import { type PlacedFault, sortFaults } from './placed-fault.ts'
import { type PipelineEntry, type ReleaseType, WinnowFile } from './winnow-schema.ts'

export interface PushTrigger {
  /** Patterns of branch names, of tag names and of repository paths, see glob.ts. Without patterns none is wanted. */
  readonly branches: readonly string[]
  readonly tags?: readonly string[]
  readonly paths: readonly string[]
}

export interface ReleaseTrigger {
  readonly types: readonly ReleaseType[]
  /** Patterns of tag names. */
  readonly tags: readonly string[]
}

interface DataTrigger {
  /** A `file:` URI whose last part may be a pattern. */
  readonly uri: string
  readonly quiet: Duration
  readonly maxWait: Duration
  /** The pipeline's parameter that gets the list of files. */
  readonly into: string
}

export interface PipelineDeclaration {
  readonly name: string
  readonly source: PipelineSource
  readonly parameters: JsonObject
  /** Both are set, or neither: a pipeline without them runs, and what it makes is not Winnow's to deliver. */
  readonly model: string | null
  readonly policy: string | null
  readonly on: {
    readonly push: PushTrigger | null
    readonly release: ReleaseTrigger | null
    readonly pullRequest: { readonly plan: boolean } | null
    readonly data: DataTrigger | null
  }
}

export interface EnvironmentDeclaration {
  readonly name: string
  readonly target: string
  /** Null: pipelines run there and nothing is served. */
  readonly endpoint: string | null
  /** The environment in which a model must be live first. */
  readonly after: string | null
  readonly protected: boolean
}

/** What a repository declares. Pipelines and environments are in the file's order. */
export interface WinnowYaml {
  readonly version: 1
  readonly pipelines: readonly PipelineDeclaration[]
  readonly environments: readonly EnvironmentDeclaration[]
}

export type ParsedWinnowYaml =
  | { readonly ok: true; readonly value: WinnowYaml }
  | { readonly ok: false; readonly faults: readonly PlacedFault[] }

/** Reads a winnow.yaml; `file` is the name that faults are placed with. Never throws. */
export const parseWinnowYaml = (text: string, file: string): ParsedWinnowYaml => {
  const loaded = loadYaml(text, file, WinnowFile)
  if (!loaded.ok) return loaded
  const written = loaded.value
  const faults = [
    ...Object.entries(written.pipelines).flatMap(([name, entry]) => pipelineFaults(name, entry, loaded.place)),
    ...environmentFaults(written, loaded.place),
    ...deliveryFaults(written, loaded.place),
  ]
  if (faults.length > 0) return { ok: false, faults: sortFaults(faults) }
  return {
    ok: true,
    value: {
      version: 1,
      pipelines: Object.entries(written.pipelines).map(([name, entry]) => declared(name, entry)),
      environments: Object.entries(written.environments).map(([name, entry]) => ({
        name,
        target: entry.target,
        endpoint: entry.endpoint ?? null,
        after: entry.after ?? null,
        protected: entry.protected,
      })),
    },
  }
}

const declared = (name: string, entry: PipelineEntry): PipelineDeclaration => ({
  name,
  source: sourceOf(entry),
  // Checked by the schema as JSON.
  parameters: entry.parameters as JsonObject,
  model: entry.model ?? null,
  policy: entry.policy ?? null,
  on: {
    push: entry.on.push ?? null,
    release: entry.on.release ?? null,
    pullRequest: entry.on.pullRequest ?? null,
    data: entry.on.data === undefined ? null : dataTrigger(entry.on.data),
  },
})

const dataTrigger = ({ uri, quiet, maxWait, into }: DataTrigger): DataTrigger => ({ uri, quiet, maxWait, into })

const pipelineFaults = (name: string, entry: PipelineEntry, place: Place): readonly PlacedFault[] => {
  const path = ['pipelines', name]
  const faults = [...sourceFaults(entry, path, place)]
  if (entry.model !== undefined && entry.policy === undefined)
    faults.push(place([...path, 'model'], 'a model needs a policy: nothing is delivered unjudged', 'key'))
  if (entry.policy !== undefined && entry.model === undefined)
    faults.push(place([...path, 'policy'], 'a policy needs a model to judge: name it with model', 'key'))
  const into = entry.on.data?.into
  if (into !== undefined && Object.hasOwn(entry.parameters, into))
    faults.push(place([...path, 'parameters', into], 'is set by on.data.into already', 'key'))
  return faults
}

const environmentFaults = ({ environments }: WinnowFile, place: Place): readonly PlacedFault[] => {
  const faults: PlacedFault[] = []
  const served = new Map<string, string>()
  for (const [name, { after, target, endpoint }] of Object.entries(environments)) {
    if (after !== undefined && !Object.hasOwn(environments, after))
      faults.push(
        place(
          ['environments', name, 'after'],
          `expected an environment, got ${JSON.stringify(after)}${didYouMean(after, Object.keys(environments))}`,
        ),
      )
    else if (comesAfterItself(name, environments))
      faults.push(place(['environments', name, 'after'], 'expected an order, got a circle: it comes after itself'))
    if (endpoint === undefined) continue
    const key = JSON.stringify([target, endpoint])
    const other = served.get(key)
    if (other !== undefined)
      faults.push(place(['environments', name, 'endpoint'], `${endpoint} on ${target} is that of ${other} already`))
    served.set(key, name)
  }
  return faults
}

const comesAfterItself = (name: string, environments: WinnowFile['environments']): boolean => {
  const seen = new Set<string>()
  let at = environments[name]?.after
  while (at !== undefined && !seen.has(at)) {
    if (at === name) return true
    seen.add(at)
    at = Object.hasOwn(environments, at) ? environments[at]?.after : undefined
  }
  return false
}

/** An endpoint that no pipeline could ever deliver to is a forgotten model or policy. */
const deliveryFaults = ({ pipelines, environments }: WinnowFile, place: Place): readonly PlacedFault[] => {
  if (Object.values(pipelines).some(({ model, policy }) => model !== undefined || policy !== undefined)) return []
  const [served] = Object.entries(environments).filter(([, { endpoint }]) => endpoint !== undefined)
  if (served === undefined) return []
  return [
    place(['environments', served[0], 'endpoint'], 'nothing is delivered here: no pipeline has a model and a policy'),
  ]
}
