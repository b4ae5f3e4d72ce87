import type { Json, JsonObject } from '../domain/json.ts'
import type { RuntimeArtifact, TaskInputs } from '../pipelines/execution.ts'
import type { EngineJobView, EngineTaskView } from './engine/job.ts'
import { typeTitle } from './engine/work/artifact-query.ts'
import {
  type Artifact,
  type ArtifactList,
  type Execution,
  type PipelineJob,
  type PipelineState,
  type TaskDetail,
  type TaskState,
  timestampOf,
} from './resources.ts'
import { statusError, statusOf } from './status.ts'

const jobStates: Readonly<Record<EngineJobView['state'], PipelineState>> = {
  running: 'PIPELINE_STATE_RUNNING',
  cancelling: 'PIPELINE_STATE_CANCELLING',
  succeeded: 'PIPELINE_STATE_SUCCEEDED',
  failed: 'PIPELINE_STATE_FAILED',
  cancelled: 'PIPELINE_STATE_CANCELLED',
}

/** What a PipelineJob shows of the engine's view: its state, times, error and the details of its tasks. */
export const jobProgress = (view: EngineJobView): Partial<PipelineJob> => {
  const ids = new Map(view.tasks.map((task) => [task.path, task.id]))
  const place = view.resourceName.split('/').slice(0, 4).join('/')
  return {
    state: jobStates[view.state],
    startTime: timestampOf(view.startedAt),
    ...(view.endedAt !== null && { endTime: timestampOf(view.endedAt) }),
    ...(view.error !== null && { error: failure(view.error) }),
    jobDetail: { taskDetails: [rootDetail(view, place), ...view.tasks.map((task) => taskDetail(task, ids, place))] },
  }
}

/** Task ids of the engine are long; none is this one. */
const rootTaskId = '1'

const rootStates: Readonly<Record<EngineJobView['state'], { task: TaskState; execution: Execution['state'] }>> = {
  running: { task: 'RUNNING', execution: 'RUNNING' },
  cancelling: { task: 'CANCELLING', execution: 'RUNNING' },
  succeeded: { task: 'SUCCEEDED', execution: 'COMPLETE' },
  failed: { task: 'FAILED', execution: 'FAILED' },
  cancelled: { task: 'CANCELLED', execution: 'CANCELLED' },
}

/** The pipeline as a task, the parent of those at its top, as Vertex AI shows it: `system.Run`, with the pipeline's own outputs. */
const rootDetail = (view: EngineJobView, place: string): TaskDetail => {
  const name = view.resourceName.split('/').at(-1) ?? ''
  const { task, execution: executionState } = rootStates[view.state]
  return {
    taskId: rootTaskId,
    taskName: name,
    taskUniqueName: 'root',
    state: task,
    createTime: timestampOf(view.startedAt),
    startTime: timestampOf(view.startedAt),
    ...(view.endedAt !== null && { endTime: timestampOf(view.endedAt) }),
    ...(view.state === 'failed' && view.error !== null && { error: failure(view.error) }),
    execution: {
      name: `${place}/metadataStores/default/executions/${name}`,
      displayName: name,
      state: executionState,
      schemaTitle: 'system.Run',
      schemaVersion: '0.0.1',
      metadata: {
        ...prefixed('output', view.outputs.parameters),
        ...(view.leftOut.length > 0 && { left_out: view.leftOut }),
      },
    },
    outputs: artifactLists(view.outputs, place),
  }
}

const failure = (why: string) => statusOf(statusError('FAILED_PRECONDITION', why))

const taskStates: Readonly<Record<EngineTaskView['state'], TaskState>> = {
  running: 'RUNNING',
  succeeded: 'SUCCEEDED',
  cached: 'SUCCEEDED',
  failed: 'FAILED',
  skipped: 'SKIPPED',
  notTriggered: 'NOT_TRIGGERED',
  cancelling: 'CANCELLING',
  cancelled: 'CANCELLED',
}

const taskDetail = (task: EngineTaskView, ids: ReadonlyMap<string, string>, place: string): TaskDetail => {
  const parent = (task.parent === null ? undefined : ids.get(task.parent)) ?? rootTaskId
  const waits = task.state === 'running' && task.startedAt === null
  const state = waits ? 'PENDING' : taskStates[task.state]
  const error = task.state === 'failed' && task.reason !== null ? failure(task.reason) : undefined
  return {
    taskId: task.id,
    parentTaskId: parent,
    taskName: task.name,
    taskUniqueName: task.path,
    state,
    createTime: timestampOf(task.createdAt),
    ...(task.startedAt !== null && { startTime: timestampOf(task.startedAt) }),
    ...(task.endedAt !== null && { endTime: timestampOf(task.endedAt) }),
    ...(error && { error }),
    pipelineTaskStatus: [
      { updateTime: timestampOf(task.createdAt), state: 'PENDING' },
      ...(task.startedAt === null ? [] : [{ updateTime: timestampOf(task.startedAt), state: 'RUNNING' as const }]),
      ...(task.endedAt === null ? [] : [{ updateTime: timestampOf(task.endedAt), state, ...(error && { error }) }]),
    ],
    execution: execution(task, place),
    inputs: artifactLists(task.inputs, place),
    outputs: artifactLists(task.outputs, place),
  }
}

const executionStates: Readonly<Record<EngineTaskView['state'], Execution['state']>> = {
  running: 'RUNNING',
  succeeded: 'COMPLETE',
  cached: 'CACHED',
  failed: 'FAILED',
  skipped: 'CANCELLED',
  notTriggered: 'CANCELLED',
  cancelling: 'RUNNING',
  cancelled: 'CANCELLED',
}

const execution = (task: EngineTaskView, place: string): Execution => ({
  name: `${place}/metadataStores/default/executions/${task.id}`,
  displayName: task.name,
  state: task.state === 'running' && task.startedAt === null ? 'NEW' : executionStates[task.state],
  schemaTitle: task.kind === 'group' ? 'system.DagExecution' : 'system.ContainerExecution',
  schemaVersion: '0.0.1',
  metadata: {
    ...prefixed('input', task.inputs.parameters),
    ...prefixed('output', task.outputs.parameters),
    ...(task.logUri !== null && { log_uri: task.logUri }),
    ...(task.attempts > 1 && { attempts: task.attempts }),
    ...(task.reason !== null && { reason: task.reason }),
    ...(task.details.length > 0 && { log_tail: task.details }),
    ...(task.doing !== null && { doing: task.doing }),
    ...(task.cacheChanged && { cacheChanged: true }),
    ...(task.cacheReason !== null && { cached: task.state === 'cached', cacheReason: task.cacheReason }),
  },
})

const prefixed = (prefix: string, parameters: Readonly<Record<string, Json>>): JsonObject =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`${prefix}:${name}`, value]))

const artifactLists = ({ artifacts }: TaskInputs, place: string): Readonly<Record<string, ArtifactList>> =>
  Object.fromEntries(
    Object.entries(artifacts).map(([name, list]) => [
      name,
      { artifacts: list.map((artifact) => shownArtifact(artifact, name, place)) },
    ]),
  )

const shownArtifact = (artifact: RuntimeArtifact, output: string, place: string): Artifact => {
  const { schemaVersion } = artifact.type
  const title = typeTitle(artifact)
  return {
    name: artifact.name.startsWith('projects/')
      ? artifact.name
      : `${place}/metadataStores/default/artifacts/${artifact.name}`,
    displayName: output,
    uri: artifact.uri,
    state: 'LIVE',
    ...(title !== '' && { schemaTitle: title }),
    schemaVersion: typeof schemaVersion === 'string' ? schemaVersion : '0.0.1',
    metadata: artifact.metadata,
  }
}
