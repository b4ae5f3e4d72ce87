import type { JsonObject } from '../json.ts'
import type { TaskView } from '../run.ts'

export interface LaunchRequest {
  readonly jobId: string
  readonly displayName: string
  readonly ir: JsonObject
  readonly parameters: JsonObject
  readonly labels: Readonly<Record<string, string>>
}

export interface JobView {
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'missing'
  readonly error: string | null
  readonly details: readonly string[]
  readonly tasks: readonly TaskView[]
}

/** Where runs execute. Faults are `target_unavailable` (retryable) or `target_refused` (not). */
export interface PipelineTarget {
  /** Creates the job, or adopts the one that has this id. */
  launch(request: LaunchRequest, signal: AbortSignal): Promise<void>
  inspect(jobId: string, signal: AbortSignal): Promise<JobView>
  cancel(jobId: string, signal: AbortSignal): Promise<void>
  /** The text at a URI that a job's task named, such as a log; undefined where there is none. */
  readText(uri: string, signal: AbortSignal): Promise<string | undefined>
}
