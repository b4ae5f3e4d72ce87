import type { PipelineSource } from '../domain/build.ts'
import type { JsonObject } from '../domain/json.ts'
import type { DataTrigger } from './data-trigger.ts'
import { didYouMean } from './describe-issue.ts'
import { loadYaml, type Place } from './load-yaml.ts'
import { mergeFiles } from './merge-files.ts'
import { triggerFaults } from './other-trigger-faults.ts'
import type { ScheduleTrigger, UpstreamTrigger, WorsenedTrigger } from './other-triggers.ts'
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

export interface PipelineDeclaration {
  readonly name: string
  /** The winnow.yaml that it stands in, as faults are placed. */
  readonly file: string
  readonly source: PipelineSource
  readonly parameters: JsonObject
  /** Both are set, or neither: a pipeline without them runs, and what it makes is not Winnow's to deliver. */
  readonly model: string | null
  readonly policy: string | null
  /** How many of its runs may be under way at once; null: as many as come. */
  readonly concurrency: number | null
  readonly on: {
    readonly push: PushTrigger | null
    readonly release: ReleaseTrigger | null
    readonly pullRequest: { readonly plan: boolean } | null
    readonly data: DataTrigger | null
    readonly schedule: readonly ScheduleTrigger[]
    readonly upstream: readonly UpstreamTrigger[]
    readonly drift: WorsenedTrigger | null
    readonly degraded: WorsenedTrigger | null
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

/** What a repository declares, in one winnow.yaml or several. Pipelines and environments are in the files' order. */
export interface WinnowYaml {
  readonly version: 1
  readonly pipelines: readonly PipelineDeclaration[]
  readonly environments: readonly EnvironmentDeclaration[]
}

export type ParsedWinnowYaml =
  /** `place` finds the file that a pipeline or an environment stands in. */
  | { readonly ok: true; readonly value: WinnowYaml; readonly place: Place }
  | { readonly ok: false; readonly faults: readonly PlacedFault[] }

/** One winnow.yaml of a repository. */
export interface DeclarationText {
  /** The name that faults are placed with. */
  readonly file: string
  /** Where its paths start: its folder in the repository, '' for the root. */
  readonly folder: string
  readonly text: string
}

/** Reads the winnow.yaml at a repository's root; `file` is the name that faults are placed with. Never throws. */
export const parseWinnowYaml = (text: string, file: string): ParsedWinnowYaml =>
  parseWinnowFiles([{ text, file, folder: '' }])

/**
 * Reads all of a repository's winnow.yaml as one: their pipelines and environments have names of their own, and an
 * environment may come after one of another file. Never throws.
 */
export const parseWinnowFiles = (texts: readonly DeclarationText[]): ParsedWinnowYaml => {
  const loaded = texts.map(({ text, file }) => loadYaml(text, file, WinnowFile))
  const broken = loaded.flatMap((one) => (one.ok ? [] : one.faults))
  if (broken.length > 0) return { ok: false, faults: broken }
  const merged = mergeFiles(
    loaded.flatMap((one, i) => {
      const { file, folder } = texts[i] as DeclarationText
      return one.ok ? [{ file, folder, written: one.value, place: one.place }] : []
    }),
  )
  const { written, place } = merged
  const faults = [
    ...merged.faults,
    ...Object.entries(written.pipelines).flatMap(([name, entry]) => pipelineFaults(name, entry, place)),
    ...environmentFaults(written, place),
    ...deliveryFaults(written, place),
    ...triggerFaults(written, place),
  ]
  if (faults.length > 0) return { ok: false, faults: sortFaults(faults) }
  return {
    ok: true,
    place,
    value: {
      version: 1,
      pipelines: Object.entries(written.pipelines).map(([name, entry]) => declared(name, merged.fileOf(name), entry)),
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

const declared = (name: string, file: string, entry: PipelineEntry): PipelineDeclaration => ({
  name,
  file,
  source: sourceOf(entry),
  // Checked by the schema as JSON.
  parameters: entry.parameters as JsonObject,
  model: entry.model ?? null,
  policy: entry.policy ?? null,
  concurrency: entry.concurrency ?? null,
  on: {
    push: entry.on.push ?? null,
    release: entry.on.release ?? null,
    pullRequest: entry.on.pullRequest ?? null,
    data: entry.on.data === undefined ? null : dataTrigger(entry.on.data),
    schedule: entry.on.schedule ?? [],
    upstream: entry.on.upstream ?? [],
    drift: entry.on.drift ?? null,
    degraded: entry.on.degraded ?? null,
  },
})

const dataTrigger = (entry: NonNullable<PipelineEntry['on']['data']>): DataTrigger => ({
  uri: entry.uri,
  quiet: entry.quiet,
  maxWait: entry.maxWait,
  minimum: entry.minimum ?? null,
  marker: entry.marker ?? null,
  key: entry.key ?? null,
  overlap: entry.overlap,
  into: entry.into ?? null,
  manifest: entry.manifest ?? null,
})

const pipelineFaults = (name: string, entry: PipelineEntry, place: Place): readonly PlacedFault[] => {
  const path = ['pipelines', name]
  const faults = [...sourceFaults(entry, path, place)]
  if (entry.model !== undefined && entry.policy === undefined)
    faults.push(place([...path, 'model'], 'a model needs a policy: nothing is delivered unjudged', 'key'))
  if (entry.policy !== undefined && entry.model === undefined)
    faults.push(place([...path, 'policy'], 'a policy needs a model to judge: name it with model', 'key'))
  for (const key of ['into', 'manifest'] as const) {
    const parameter = entry.on.data?.[key]
    if (parameter !== undefined && Object.hasOwn(entry.parameters, parameter))
      faults.push(place([...path, 'parameters', parameter], `is set by on.data.${key} already`, 'key'))
  }
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
  const declared = Object.values(pipelines)
  if (declared.length === 0 || declared.some(({ model, policy }) => model !== undefined || policy !== undefined))
    return []
  const [served] = Object.entries(environments).filter(([, { endpoint }]) => endpoint !== undefined)
  if (served === undefined) return []
  return [
    place(['environments', served[0], 'endpoint'], 'nothing is delivered here: no pipeline has a model and a policy'),
  ]
}
