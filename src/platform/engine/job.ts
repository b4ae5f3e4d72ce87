import type { JsonObject } from '../../domain/json.ts'
import type { Time } from '../../domain/time.ts'
import type { TaskInputs, TaskOutputs, TaskPath } from '../../pipelines/execution.ts'

/** A job as the engine takes it: everything that decides what will run. */
export interface EngineJob {
  /** `projects/P/locations/L/pipelineJobs/ID` */
  readonly resourceName: string
  readonly id: string
  /** The pipelineSpec (IR). */
  readonly spec: JsonObject
  readonly parameters: JsonObject
  /** Overrides what the tasks of the spec say, for all of them. */
  readonly enableCaching?: boolean
  /** `fast`: after a failure nothing new starts but exit tasks. */
  readonly failurePolicy?: 'slow' | 'fast'
  readonly labels: Readonly<Record<string, string>>
  /** Its tasks wait for no place among the running ones: the task that asked for the job may hold the last of them. */
  readonly startsAtOnce?: boolean
  /** Where artifacts go: a local path or an address that leads to one. Empty: below the engine's own root. */
  readonly pipelineRoot: string
}

type EngineTaskState =
  | 'running'
  | 'succeeded'
  | 'cached'
  | 'failed'
  | 'skipped'
  | 'notTriggered'
  | 'cancelling'
  | 'cancelled'

/** A task, or a DAG, loop or condition (`group`). */
export interface EngineTaskView {
  readonly path: TaskPath
  readonly name: string
  readonly kind: 'task' | 'group'
  /** Digits, unique in the job. */
  readonly id: string
  readonly parent: TaskPath | null
  readonly state: EngineTaskState
  readonly createdAt: Time
  /** When its first attempt began; null for what never ran. */
  readonly startedAt: Time | null
  readonly endedAt: Time | null
  readonly attempts: number
  /** Why it failed, was skipped or was cancelled, in one line. */
  readonly reason: string | null
  /** The end of what a failed task said, a text for each line. */
  readonly details: readonly string[]
  /** Why its outputs came from the cache, or why it had to run; null where nobody asked. */
  readonly cacheReason: string | null
  /** True where it had to run since something is other than it was when it last ran. */
  readonly cacheChanged: boolean
  /** What it waits for before it begins; null where it waits for nothing. */
  readonly doing: string | null
  /** `file:` URI of the last attempt's log. */
  readonly logUri: string | null
  readonly inputs: TaskInputs
  readonly outputs: TaskOutputs
}

export type EngineJobState = 'running' | 'cancelling' | 'succeeded' | 'failed' | 'cancelled'

export interface EngineJobView {
  readonly resourceName: string
  readonly id: string
  readonly uuid: string
  readonly state: EngineJobState
  readonly error: string | null
  readonly startedAt: Time
  readonly endedAt: Time | null
  /** In the order in which they came up. */
  readonly tasks: readonly EngineTaskView[]
  readonly outputs: TaskOutputs
  /** What the pipeline asks for and this machine leaves out, a line for each task. */
  readonly leftOut: readonly string[]
}

export const noInputs: TaskInputs = { parameters: {}, artifacts: {} }
export const noOutputs: TaskOutputs = { parameters: {}, artifacts: {} }
