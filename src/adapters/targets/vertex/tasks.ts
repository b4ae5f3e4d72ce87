import type { google } from '@google-cloud/aiplatform/build/protos/protos.js'
import type { ArtifactView, TaskState, TaskView } from '../../../domain/run.ts'
import { fromStruct, fromTimestamp } from './values.ts'

type TaskDetail = google.cloud.aiplatform.v1.IPipelineTaskDetail

const states: Readonly<Record<string, TaskState>> = {
  PENDING: 'pending',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  CANCEL_PENDING: 'cancelling',
  CANCELLING: 'cancelling',
  CANCELLED: 'cancelled',
  FAILED: 'failed',
  SKIPPED: 'skipped',
  NOT_TRIGGERED: 'notTriggered',
}

/** A job's task details as Winnow shows them, parents by id. The pipeline itself, which Vertex AI lists as a task too, is left out. */
export const taskViewsOf = (details: readonly TaskDetail[]): readonly TaskView[] => {
  const roots = new Set(details.filter(isRoot).map(({ taskId }) => String(taskId)))
  return details
    .filter((detail) => !isRoot(detail))
    .map(taskViewOf)
    .map((task) => (task.parent !== null && roots.has(task.parent) ? { ...task, parent: null } : task))
}

const isRoot = (detail: TaskDetail): boolean => detail.execution?.schemaTitle === 'system.Run'

const taskViewOf = (detail: TaskDetail): TaskView => {
  const parent = String(detail.parentTaskId ?? '0')
  const metadata = fromStruct(detail.execution?.metadata)
  const logUri = metadata['log_uri']
  const cached = detail.state === 'SUCCEEDED' && detail.execution?.state === 'CACHED'
  return {
    id: String(detail.taskId ?? ''),
    name: detail.taskName ?? '',
    parent: parent === '0' || parent === '' ? null : parent,
    state: cached ? 'cached' : (states[String(detail.state)] ?? 'pending'),
    startedAt: fromTimestamp(detail.startTime),
    endedAt: fromTimestamp(detail.endTime),
    error: detail.error?.message ? detail.error.message : null,
    logUri: typeof logUri === 'string' && logUri !== '' ? logUri : null,
    artifacts: Object.entries(detail.outputs ?? {}).flatMap(([output, list]) =>
      (list.artifacts ?? []).map(
        (artifact): ArtifactView => ({
          output,
          uri: artifact.uri ?? '',
          schemaTitle: artifact.schemaTitle ?? '',
          metadata: fromStruct(artifact.metadata),
        }),
      ),
    ),
  }
}

/** One line for each failed task and one that names those which never ran, for a person. */
export const failureDetails = (tasks: readonly TaskView[]): readonly string[] => {
  const failed = tasks
    .filter((task) => task.state === 'failed')
    .map((task) => `${task.name}: ${task.error ?? 'failed'}`)
  const idle = tasks.filter((task) => task.state === 'pending' || task.state === 'notTriggered')
  return idle.length === 0 ? failed : [...failed, `never ran: ${idle.map((task) => task.name).join(', ')}`]
}
