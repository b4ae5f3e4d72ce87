import { isJsonObject, type JsonObject } from '../../domain/json.ts'
import { millisecondsOf } from '../api/filter.ts'
import { numericId } from '../engine/job-files.ts'
import { parametersOf } from '../pipeline-jobs.ts'
import type { ArtifactList, PipelineJob, PipelineState, TaskDetail, TaskState, Timestamp } from '../resources.ts'
import { type RunRecord, storageState } from './collections.ts'
import { structOf } from './pipeline-source.ts'

type RunState = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'SKIPPED' | 'FAILED' | 'CANCELING' | 'CANCELED' | 'PAUSED'

const jobStates: Readonly<Record<PipelineState, RunState>> = {
  PIPELINE_STATE_QUEUED: 'PENDING',
  PIPELINE_STATE_PENDING: 'PENDING',
  PIPELINE_STATE_RUNNING: 'RUNNING',
  PIPELINE_STATE_SUCCEEDED: 'SUCCEEDED',
  PIPELINE_STATE_FAILED: 'FAILED',
  PIPELINE_STATE_CANCELLING: 'CANCELING',
  PIPELINE_STATE_CANCELLED: 'CANCELED',
  PIPELINE_STATE_PAUSED: 'PAUSED',
}

const taskStates: Readonly<Record<TaskState, RunState>> = {
  PENDING: 'PENDING',
  RUNNING: 'RUNNING',
  SUCCEEDED: 'SUCCEEDED',
  CANCEL_PENDING: 'CANCELING',
  CANCELLING: 'CANCELING',
  CANCELLED: 'CANCELED',
  FAILED: 'FAILED',
  SKIPPED: 'SKIPPED',
  NOT_TRIGGERED: 'SKIPPED',
}

/** RFC 3339. */
const timeOf = (time: Timestamp): string => new Date(millisecondsOf(time)).toISOString()

/** A run is a pipeline job of the platform and what Kubeflow keeps beside it. */
export interface Run {
  readonly job: PipelineJob
  readonly record: RunRecord
}

/** What a run can be filtered and sorted by. */
export const runRow = ({ job, record }: Run) => {
  const [pipelineId = '', versionId = ''] = record.version.split('/')
  return {
    run_id: record.name,
    name: job.displayName ?? record.name,
    display_name: job.displayName ?? record.name,
    created_at: timeOf(job.createTime),
    ...(job.endTime && { finished_at: timeOf(job.endTime) }),
    state: jobStates[job.state],
    storage_state: storageState(record.archived),
    experiment_id: record.experimentId,
    description: record.description,
    service_account: record.serviceAccount,
    pipeline_id: pipelineId,
    pipeline_version_id: versionId,
  }
}

const artifactIds = (lists: Readonly<Record<string, ArtifactList>> = {}): JsonObject =>
  Object.fromEntries(
    Object.entries(lists).map(([name, { artifacts }]) => [
      name,
      { artifact_ids: artifacts.map((artifact) => numericId(artifact.name)) },
    ]),
  )

const shownTask = (runId: string, task: TaskDetail, children: readonly TaskDetail[]): JsonObject => ({
  run_id: runId,
  task_id: task.taskId,
  execution_id: task.taskId,
  display_name: task.parentTaskId === undefined ? 'root' : task.taskName,
  state: taskStates[task.state],
  ...(task.parentTaskId !== undefined && { parent_task_id: task.parentTaskId }),
  ...(task.createTime && { create_time: timeOf(task.createTime) }),
  ...(task.startTime && { start_time: timeOf(task.startTime) }),
  ...(task.endTime && { end_time: timeOf(task.endTime) }),
  ...(task.error && { error: task.error }),
  inputs: artifactIds(task.inputs),
  outputs: artifactIds(task.outputs),
  state_history: (task.pipelineTaskStatus ?? []).map(({ updateTime, state, error }) => ({
    update_time: timeOf(updateTime),
    state: taskStates[state],
    ...(error && { error }),
  })),
  child_tasks: children.map(({ taskId }) => ({ task_id: taskId })),
})

const taskDetails = (runId: string, tasks: readonly TaskDetail[]): readonly JsonObject[] => {
  const children = Map.groupBy(tasks, ({ parentTaskId }) => parentTaskId)
  return tasks.map((task) => shownTask(runId, task, children.get(task.taskId) ?? []))
}

/** What Kubeflow has no field for: the pipeline's own outputs, and what was asked for and is left out here. */
const winnowEntries = ({ jobDetail }: PipelineJob, { leftOut }: RunRecord): JsonObject => {
  const root = jobDetail?.taskDetails.find(({ parentTaskId }) => parentTaskId === undefined)
  const metadata = root?.execution?.metadata ?? {}
  const outputs = Object.entries(metadata).flatMap(([key, value]) =>
    key.startsWith('output:') ? [[key.slice('output:'.length), value]] : [],
  )
  const fromSpec = Array.isArray(metadata['left_out']) ? metadata['left_out'] : []
  const left = [...new Set([...leftOut, ...fromSpec])]
  return {
    ...(outputs.length > 0 && { outputs: { value: Object.fromEntries(outputs) } }),
    ...(left.length > 0 && { left_out: { value: left } }),
  }
}

const stateHistory = ({ createTime, startTime, endTime, state, error }: PipelineJob): readonly JsonObject[] => [
  { update_time: timeOf(createTime), state: 'PENDING' },
  ...(startTime ? [{ update_time: timeOf(startTime), state: 'RUNNING' }] : []),
  ...(endTime ? [{ update_time: timeOf(endTime), state: jobStates[state], ...(error && { error }) }] : []),
]

/** A pipeline job as a V2beta1Run. */
export const shownRun = (run: Run): JsonObject => {
  const { job, record } = run
  const { name: _, pipeline_id, pipeline_version_id, description, service_account, ...row } = runRow(run)
  const entries = winnowEntries(job, record)
  const root = job.runtimeConfig.gcsOutputDirectory
  return {
    ...row,
    ...(description !== '' && { description }),
    ...(service_account !== '' && { service_account }),
    scheduled_at: row.created_at,
    ...(pipeline_id === ''
      ? { pipeline_spec: structOf(job.pipelineSpec) }
      : { pipeline_version_reference: { pipeline_id, pipeline_version_id } }),
    runtime_config: { parameters: parametersOf(job), ...(root ? { pipeline_root: root } : {}) },
    ...(isJsonObject(job.error) && { error: job.error }),
    state_history: stateHistory(job),
    run_details: { task_details: taskDetails(record.name, job.jobDetail?.taskDetails ?? []) },
    ...(Object.keys(entries).length > 0 && { plugins_output: { winnow: { state: 'PLUGIN_SUCCEEDED', entries } } }),
  }
}
