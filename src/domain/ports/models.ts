import type { ModelVersion, Observation, RunTable } from '../evidence.ts'
import type { TaskView } from '../run.ts'
import type { Operation } from './operation.ts'

/** The model registry of a target. */
export interface ModelRegistry {
  /** The candidate that a finished job made: its model artifact, resolved to a version. Undefined where it made none. */
  candidate(tasks: readonly TaskView[], signal: AbortSignal): Promise<ModelVersion | undefined>
  /** All that the run left about its quality: the candidate's evaluations and their slices, and the tasks' metrics artifacts. */
  observations(
    tasks: readonly TaskView[],
    candidate: ModelVersion | undefined,
    signal: AbortSignal,
  ): Promise<readonly Observation[]>
  /** The tables that the run left: by what its artifacts are called, and beside the candidate's evaluation. */
  tables(
    tasks: readonly TaskView[],
    candidate: ModelVersion | undefined,
    signal: AbortSignal,
  ): Promise<readonly RunTable[]>
  /**
   * The version of model `name` that stands for the candidate, made if there is none yet: asking twice makes one. Where
   * it takes an operation, wait until that is done and ask again: the version will be found.
   */
  register(name: string, candidate: ModelVersion, key: string, signal: AbortSignal): Promise<Operation<ModelVersion>>
  /** Moves aliases to exactly this version. */
  alias(version: ModelVersion, aliases: readonly string[], signal: AbortSignal): Promise<void>
  models(signal: AbortSignal): Promise<readonly ModelVersion[]>
}

export interface ScoreRequest {
  /** Names the batch: asking again with the same key finds the one that was started. */
  readonly key: string
  readonly model: ModelVersion
  readonly uri: string
  readonly format: 'csv' | 'jsonl'
  /** Columns that the model is not given; they come back beside its answer. */
  readonly without: readonly string[]
}

/** `name` is the target's own name of the batch. */
export type Scoring = { readonly name: string } & (
  | { readonly state: 'running' }
  /** One line an example, `{instance, prediction}` as JSON, in the files of `uri`. */
  | { readonly state: 'done'; readonly uri: string }
  | { readonly state: 'failed'; readonly reason: string }
)

/** Answers of a registered model to examples in a file. */
export interface ModelScorer {
  /** Starts the batch of this key, or finds it, and says how it stands: ask until it has ended. Never started twice. */
  score(request: ScoreRequest, signal: AbortSignal): Promise<Scoring>
}
