import type { Digest } from './digest.ts'
import type { JsonObject } from './json.ts'
import type { TemplateName } from './templates.ts'
import type { Time } from './time.ts'

/** What a pipeline is compiled from, as winnow.yaml says it. Paths are relative to the repository's root. */
export type PipelineSource =
  | { readonly kind: 'kfp' | 'tfx'; readonly file: string; readonly function?: string; readonly requirements?: string }
  | { readonly kind: 'ir'; readonly file: string }
  /** `export` names the pipeline among the file's exports, where there are several. */
  | { readonly kind: 'typescript'; readonly file: string; readonly export?: string }
  | { readonly kind: 'template'; readonly template: TemplateName }

export type BuildState = 'wanted' | 'compiling' | 'compiled' | 'failed'

export interface Build {
  readonly id: number
  readonly version: number
  /** Digest of all that the compiler could read: the commit's tree, the source, the lock, the compiler. Unique. */
  readonly key: Digest
  readonly repository: string
  readonly source: PipelineSource
  readonly state: BuildState
  /** The pipeline spec (KFP IR) and its digest, once compiled. */
  readonly ir: JsonObject | null
  readonly irDigest: Digest | null
  readonly error: string | null
  readonly details: readonly string[]
  readonly log: string
  readonly startedAt: Time | null
  readonly endedAt: Time | null
}

export type BuildEvent =
  | { readonly kind: 'start'; readonly at: Time }
  | {
      readonly kind: 'compiled'
      readonly at: Time
      readonly ir: JsonObject
      readonly irDigest: Digest
      readonly log: string
    }
  | {
      readonly kind: 'failed'
      readonly at: Time
      readonly error: string
      readonly details: readonly string[]
      readonly log: string
    }

/** The build after an event, or undefined where the event does not belong to its state. */
export const nextBuild = (build: Build, event: BuildEvent): Build | undefined => {
  switch (event.kind) {
    case 'start':
      // `compiling` again: a crash left it, the work is repeated.
      return build.state === 'wanted' || build.state === 'compiling'
        ? { ...build, state: 'compiling', startedAt: event.at }
        : undefined
    case 'compiled':
      return build.state === 'compiling'
        ? { ...build, state: 'compiled', ir: event.ir, irDigest: event.irDigest, log: event.log, endedAt: event.at }
        : undefined
    case 'failed':
      return build.state === 'compiling'
        ? { ...build, state: 'failed', error: event.error, details: event.details, log: event.log, endedAt: event.at }
        : undefined
  }
}
