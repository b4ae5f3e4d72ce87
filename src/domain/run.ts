import type { DataObject } from './batch.ts'
import type { PipelineSource } from './build.ts'
import { type Digest, digestJson, shortDigest } from './digest.ts'
import type { Json, JsonObject } from './json.ts'
import type { Time } from './time.ts'

export type RunState =
  | 'wanted'
  | 'built'
  | 'launching'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'superseded'
  | 'reused'
  | 'planned'

export interface Run {
  readonly id: number
  readonly version: number
  readonly change: number
  readonly batch: number | null
  readonly repository: string
  readonly commit: string
  readonly pipeline: string
  readonly source: PipelineSource
  /** Pipeline parameters as they will be sent, the manifest's included. */
  readonly parameters: JsonObject
  readonly manifest: readonly DataObject[]
  /** Where the manifest is written before the launch, for a pipeline that wants it as a file. */
  readonly manifestFile?: string | null
  readonly target: string
  /** The model name of winnow.yaml, null for a pipeline that makes none. */
  readonly model: string | null
  /** Repository path of the policy, null for a pipeline without one. */
  readonly policy: string | null
  /** `plan` ends at `planned`, after the build: nothing is launched. */
  readonly mode: 'run' | 'plan'
  /** 1 for the first; each retrain counts one more. */
  readonly attempt: number
  /** How many runs of its pipeline its winnow.yaml lets be under way at once; absent or null: as many as come. */
  readonly concurrency?: number | null
  /** What it is for, where the same pipeline, parameters and data are to run anew: a time of a schedule, for example. */
  readonly occasion?: string
  readonly state: RunState
  readonly reason: string
  readonly details: readonly string[]
  readonly build: number | null
  readonly identity: Digest | null
  /** The target's job id, committed before the call that creates it. */
  readonly jobId: string | null
  readonly reusedRun: number | null
  readonly tasks: readonly TaskView[]
  readonly cancelRequested: boolean
  /** Its data, or an earlier run by data, keeps it from being launched: it takes no turn. */
  readonly keptBack?: boolean
  /** The run that reads its data in its place. */
  readonly givenTo?: number | null
  /** Addresses of the manifest that were written or deleted while it ran; null until they were looked at again. */
  readonly changedData?: readonly string[] | null
  readonly createdAt: Time
  readonly launchedAt: Time | null
  readonly endedAt: Time | null
  readonly nextAt: Time | null
  /** How often the current step has failed in a row for a reason that may pass. */
  readonly failures: number
}

export type TaskState =
  | 'pending'
  | 'running'
  | 'succeeded'
  | 'cached'
  | 'failed'
  | 'skipped'
  | 'notTriggered'
  | 'cancelling'
  | 'cancelled'

/** One task of a run as the target reports it. */
export interface TaskView {
  readonly id: string
  readonly name: string
  readonly parent: string | null
  readonly state: TaskState
  readonly startedAt: Time | null
  readonly endedAt: Time | null
  readonly error: string | null
  /** Where its log can be read, if the target keeps one. */
  readonly logUri: string | null
  readonly artifacts: readonly ArtifactView[]
}

export interface ArtifactView {
  /** The output's name in the component. */
  readonly output: string
  readonly uri: string
  readonly schemaTitle: string
  readonly metadata: JsonObject
}

export interface RunIdentityParts {
  readonly pipeline: string
  readonly repository: string
  readonly irDigest: Digest
  readonly parameters: JsonObject
  readonly manifestDigest: Digest
  readonly target: string
  readonly attempt: number
  readonly occasion?: string | undefined
}

/** Equal parts, equal identity: starting it twice starts it once. */
export const runIdentity = (parts: RunIdentityParts): Digest => digestJson(parts as unknown as Json)

/** The target's job id, `^[a-z][-a-z0-9]{0,127}$` as Vertex AI asks. */
export const jobIdOf = (pipeline: string, identity: Digest): string => {
  const slug = pipeline
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
  return `winnow-${slug || 'run'}-${shortDigest(identity)}`
}

export type RunEvent =
  | { readonly kind: 'built'; readonly build: number }
  | { readonly kind: 'planned'; readonly reason: string; readonly at: Time }
  | { readonly kind: 'buildFailed'; readonly reason: string; readonly details: readonly string[]; readonly at: Time }
  | { readonly kind: 'superseded'; readonly reason: string; readonly at: Time }
  | {
      readonly kind: 'launch'
      readonly identity: Digest
      readonly jobId: string
      readonly attempt: number
      readonly at: Time
    }
  | { readonly kind: 'reuse'; readonly run: number; readonly reason: string; readonly at: Time }
  | { readonly kind: 'launched'; readonly at: Time }
  | { readonly kind: 'progress'; readonly tasks: readonly TaskView[] }
  | {
      readonly kind: 'ended'
      readonly state: 'succeeded' | 'failed' | 'cancelled'
      readonly reason: string
      readonly details: readonly string[]
      readonly tasks: readonly TaskView[]
      readonly at: Time
    }

const accepts: Readonly<Record<RunEvent['kind'], readonly RunState[]>> = {
  built: ['wanted'],
  planned: ['built'],
  buildFailed: ['wanted'],
  superseded: ['wanted', 'built'],
  launch: ['built'],
  // While launching too: of two equal runs that were launched at once, the later gives way.
  reuse: ['built', 'launching'],
  launched: ['launching'],
  progress: ['running'],
  ended: ['wanted', 'built', 'launching', 'running'],
}

export const runEnded: readonly RunState[] = ['succeeded', 'failed', 'cancelled', 'superseded', 'reused', 'planned']

/** The run after an event, or undefined where the event does not belong to its state. */
export const nextRun = (run: Run, event: RunEvent): Run | undefined => {
  if (!accepts[event.kind].includes(run.state)) return undefined
  switch (event.kind) {
    case 'built':
      return { ...run, state: 'built', build: event.build }
    case 'planned':
      return { ...run, state: 'planned', reason: event.reason, endedAt: event.at, nextAt: null }
    case 'buildFailed':
      return { ...run, state: 'failed', reason: event.reason, details: event.details, endedAt: event.at, nextAt: null }
    case 'superseded':
      return { ...run, state: 'superseded', reason: event.reason, endedAt: event.at, nextAt: null }
    case 'launch':
      return {
        ...run,
        state: 'launching',
        identity: event.identity,
        jobId: event.jobId,
        attempt: event.attempt,
        launchedAt: event.at,
      }
    case 'reuse':
      return { ...run, state: 'reused', reusedRun: event.run, reason: event.reason, endedAt: event.at, nextAt: null }
    case 'launched':
      return { ...run, state: 'running', launchedAt: event.at }
    case 'progress':
      return { ...run, tasks: event.tasks }
    case 'ended':
      return {
        ...run,
        state: event.state,
        reason: event.reason,
        details: event.details,
        tasks: event.tasks,
        endedAt: event.at,
        nextAt: null,
      }
  }
}
