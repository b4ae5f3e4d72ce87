import type { Json, JsonObject } from '../domain/json.ts'

/** Where a task stands in the pipeline: `root.train`, or `root.loop-1[2].train` inside the third turn of a loop. */
export type TaskPath = string

/** A value of a KFP parameter. Integers and doubles are told apart by the declared type, not by the value. */
export type ParameterType =
  | 'STRING'
  | 'NUMBER_INTEGER'
  | 'NUMBER_DOUBLE'
  | 'BOOLEAN'
  | 'LIST'
  | 'STRUCT'
  | 'TASK_FINAL_STATUS'

/** An artifact as an executor sees it (RuntimeArtifact of the IR). */
export interface RuntimeArtifact {
  readonly name: string
  readonly uri: string
  /** `{schemaTitle, schemaVersion}` or `{instanceSchema}`. */
  readonly type: JsonObject
  readonly metadata: JsonObject
  readonly customPath?: string
}

/** What the job is: the source of the `{{$.pipeline_job_…}}` placeholders. */
export interface JobContext {
  /** `projects/P/locations/L/pipelineJobs/ID` */
  readonly resourceName: string
  readonly jobId: string
  readonly jobUuid: string
  readonly project: string
  readonly location: string
  readonly pipelineRoot: string
  /** When the job was made, such as `2026-03-01T12:00:00Z`. */
  readonly createTime?: string
  /** Given the path of a task that starts, its id (a string of digits, unique in the job) and uuid. */
  readonly taskId: (path: TaskPath) => string
  /** Where an output artifact of a task will lie: one URI for each declared output. */
  readonly artifactUri: (path: TaskPath, output: string) => string
  /** Scratch shared by the job's tasks (`{{$.workspace_path}}`). */
  readonly workspacePath: string
}

export interface TaskInputs {
  readonly parameters: Readonly<Record<string, Json>>
  /** A single artifact is a list of one. */
  readonly artifacts: Readonly<Record<string, readonly RuntimeArtifact[]>>
}

export interface TaskOutputs {
  readonly parameters: Readonly<Record<string, Json>>
  readonly artifacts: Readonly<Record<string, readonly RuntimeArtifact[]>>
}

/** A container to run: its placeholders are still unresolved, because output paths are the engine's to choose. */
export interface ContainerExecutor {
  readonly kind: 'container'
  readonly image: string
  readonly command: readonly Json[]
  readonly args: readonly Json[]
  readonly env: Readonly<Record<string, string>>
  readonly resources: JsonObject
}

interface ImporterExecutor {
  readonly kind: 'importer'
  readonly uri: string
  readonly type: JsonObject
  readonly metadata: JsonObject
  readonly reimport: boolean
  readonly downloadToWorkspace: boolean
}

/** TFX's node that looks up artifacts of earlier runs; where nothing is found, its outputs are empty lists. */
interface ResolverExecutor {
  readonly kind: 'resolver'
  /** Output → `{filter}` over the artifacts known to the platform. */
  readonly queries: JsonObject
}

/** A Vertex AI CustomJob to run. Its placeholders are still unresolved, as a container's are. */
interface CustomJobExecutor {
  readonly kind: 'customJob'
  /** The CustomJob message as JSON: `{displayName, jobSpec: {workerPoolSpecs: [{containerSpec | pythonPackageSpec, …}]}}` */
  readonly job: JsonObject
}

export type Executor = ContainerExecutor | ImporterExecutor | ResolverExecutor | CustomJobExecutor

export interface RetryPolicy {
  readonly maxRetries: number
  readonly backoffMs: number
  readonly factor: number
  readonly maxBackoffMs: number
}

/** A task that is ready: every input is resolved, so the engine needs nothing else to run it. */
export interface ReadyTask {
  readonly path: TaskPath
  /** The task's name in its DAG, and the component's key in the spec. */
  readonly name: string
  /** What people see and `{{$.pipeline_task_name}}` stands for: the task's display name, else its name. */
  readonly displayName: string
  readonly componentName: string
  readonly executor: Executor
  readonly inputs: TaskInputs
  /** Declared outputs: what the executor may write. */
  readonly outputs: {
    readonly parameters: Readonly<Record<string, ParameterType>>
    readonly artifacts: Readonly<Record<string, { readonly type: JsonObject; readonly isList: boolean }>>
  }
  /** The declared input definitions of the component (types, optional). */
  readonly inputDefinitions: JsonObject
  readonly cacheable: boolean
  readonly cacheKey: string | null
  /** What its author gave as the key: it stands for the task's inputs and component. */
  readonly givenCacheKey?: string
  readonly retry: RetryPolicy
}

/** What the interpreter asks of the engine. */
export type Effect =
  | { readonly kind: 'start'; readonly task: ReadyTask }
  /** A task that will not run: its condition is false, or what it needs failed. */
  | {
      readonly kind: 'skip'
      readonly path: TaskPath
      readonly name: string
      readonly state: 'skipped' | 'notTriggered'
      readonly reason: string
    }
  /**
   * A DAG, a loop, a turn of a loop or a condition that began or ended: shown as a task of its own. A task that could not
   * be started (an input cannot be made, a condition cannot be read) is one too: `failed` without `running` before it.
   */
  | {
      readonly kind: 'group'
      readonly path: TaskPath
      readonly name: string
      readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'skipped'
      readonly error: string | null
      /** A DAG that failed so often and is to be tried again: the engine says `resumed` after so many milliseconds. */
      readonly retry?: { readonly failures: number; readonly afterMs: number }
    }
  | {
      readonly kind: 'end'
      readonly state: 'succeeded' | 'failed' | 'cancelled'
      readonly outputs: TaskOutputs
      readonly error: string | null
    }

/** What the engine tells the interpreter. Retries are the engine's: only a last failure arrives here. */
export type ExecutionEvent =
  | { readonly kind: 'succeeded'; readonly path: TaskPath; readonly outputs: TaskOutputs }
  | {
      readonly kind: 'failed'
      readonly path: TaskPath
      /** One line: what failed, and what to do. */
      readonly error: string
      /** The end of what it said, a text for each line; for people, nothing is decided by it. */
      readonly details?: readonly string[]
    }
  | { readonly kind: 'cancelled'; readonly path: TaskPath }
  /** The pause before another try of a DAG is over. */
  | { readonly kind: 'resumed'; readonly path: TaskPath; readonly failures: number }
  /** The job is being cancelled: nothing new starts but exit tasks. */
  | { readonly kind: 'cancel' }
