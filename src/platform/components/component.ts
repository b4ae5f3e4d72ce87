import type { JsonObject } from '../../domain/json.ts'
import type { ReadyTask, TaskOutputs } from '../../pipelines/execution.ts'
import type { PythonEnvironments } from '../../processes/python-environments.ts'
import type { Addresses } from '../addresses.ts'
import type { PlatformServices } from '../services.ts'

/** One run of a prebuilt component, with everything that its container would have been given. */
export interface ComponentCall {
  /** The task with its resolved inputs. */
  readonly task: ReadyTask
  /** Command and arguments of the container, placeholders resolved. */
  readonly args: readonly string[]
  /** Where each declared output artifact may be written: an allocated URI by output name. */
  readonly outputUris: Readonly<Record<string, string>>
  /** Does a Vertex AI CustomJob as this task's work, in its folders; its container leaves the task's outputs. */
  readonly runCustomJob: (job: JsonObject, signal: AbortSignal) => Promise<TaskOutputs>
  /** A text's placeholders, filled in: one that came with an argument's value still stands in it. */
  readonly fillIn: (text: string) => string
  /** Scratch of this task, which exists and which nobody else writes to. */
  readonly folder: string
  readonly job: {
    readonly resourceName: string
    readonly project: string
    readonly location: string
    readonly labels: Readonly<Record<string, string>>
  }
  /** One line for the task's log. */
  readonly log: (line: string) => void
}

/** What a native component may use of the platform. */
export interface ComponentPlatform {
  readonly services: PlatformServices
  readonly addresses: Addresses
  readonly environments: PythonEnvironments
}

/**
 * A prebuilt component that runs inside the platform rather than in its container. Resolves with the task's outputs;
 * rejects with a Fault that says what was wrong. Abort ends what it started and rejects.
 */
export type NativeComponent = (
  call: ComponentCall,
  platform: ComponentPlatform,
  signal: AbortSignal,
) => Promise<TaskOutputs>
