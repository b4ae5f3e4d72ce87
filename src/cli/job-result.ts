import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { TaskState, TaskView } from '../domain/run.ts'
import { paint, paintState } from './style.ts'

/** What `pipeline run --json` prints. */
export interface JobResult {
  readonly state: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled'
  readonly error: string | null
  /** The pipeline's own outputs: parameters by name, artifacts as `{uri, schemaTitle, metadata}`. */
  readonly outputs: JsonObject
  readonly tasks: readonly (TaskView & {
    readonly path: string
    readonly outputs: JsonObject
    readonly note: string | null
    /** Why its outputs came from the cache, or why it had to run. */
    readonly cacheReason: string | null
    /** True where it had to run since something is other than it was. */
    readonly cacheChanged: boolean
    /** What it waits for before it begins. */
    readonly doing: string | null
    /** The end of what a failed task said, a text for each line. */
    readonly details: readonly string[]
  })[]
  /** What the pipeline asks for and this machine leaves out, a line for each task; not there where it is nothing. */
  readonly leftOut?: readonly string[]
}

const jobStates: Readonly<Record<string, JobResult['state']>> = {
  PIPELINE_STATE_SUCCEEDED: 'succeeded',
  PIPELINE_STATE_FAILED: 'failed',
  PIPELINE_STATE_CANCELLED: 'cancelled',
  PIPELINE_STATE_RUNNING: 'running',
  PIPELINE_STATE_CANCELLING: 'running',
}

const taskStates: Readonly<Record<string, TaskState>> = {
  PENDING: 'pending',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  CANCELLING: 'cancelling',
  CANCELLED: 'cancelled',
  FAILED: 'failed',
  SKIPPED: 'skipped',
  NOT_TRIGGERED: 'notTriggered',
}

const objectAt = (value: Json | undefined, key: string): JsonObject => {
  const found = isJsonObject(value) ? value[key] : undefined
  return isJsonObject(found) ? found : {}
}
const textAt = (value: JsonObject, key: string): string | null => (typeof value[key] === 'string' ? value[key] : null)

/** A PipelineJob of the platform as this command shows it. Its first task is the pipeline itself. */
export const jobResult = (job: JsonObject): JobResult => {
  const details = objectAt(job, 'jobDetail')['taskDetails']
  const all = (Array.isArray(details) ? details : []).filter(isJsonObject)
  const root = all.find((task) => objectAt(task, 'execution')['schemaTitle'] === 'system.Run')
  const rootId = root === undefined ? null : textAt(root, 'taskId')
  return {
    state: jobStates[String(job['state'])] ?? 'pending',
    error: textAt(objectAt(job, 'error'), 'message'),
    outputs: root === undefined ? {} : outputsOf(root),
    tasks: all.filter((task) => task !== root).map((task) => taskOf(task, rootId)),
    ...leftOutOf(root ?? {}),
  }
}

const leftOutOf = (root: JsonObject): Pick<JobResult, 'leftOut'> => {
  const lines = objectAt(objectAt(root, 'execution'), 'metadata')['left_out']
  return Array.isArray(lines) && lines.length > 0 ? { leftOut: lines.map(String) } : {}
}

const taskOf = (task: JsonObject, rootId: string | null): JobResult['tasks'][number] => {
  const execution = objectAt(task, 'execution')
  const metadata = objectAt(execution, 'metadata')
  const parent = textAt(task, 'parentTaskId')
  const cached = task['state'] === 'SUCCEEDED' && execution['state'] === 'CACHED'
  return {
    id: textAt(task, 'taskId') ?? '',
    path: textAt(task, 'taskUniqueName') ?? '',
    name: textAt(task, 'taskName') ?? '',
    parent: parent === rootId ? null : parent,
    state: cached ? 'cached' : (taskStates[String(task['state'])] ?? 'pending'),
    startedAt: timeAt(task, 'startTime'),
    endedAt: timeAt(task, 'endTime'),
    error: textAt(objectAt(task, 'error'), 'message'),
    note: textAt(metadata, 'reason'),
    cacheReason: textAt(metadata, 'cacheReason'),
    cacheChanged: metadata['cacheChanged'] === true,
    doing: textAt(metadata, 'doing'),
    details: Array.isArray(metadata['log_tail']) ? metadata['log_tail'].map(String) : [],
    logUri: textAt(metadata, 'log_uri'),
    outputs: outputsOf(task),
    artifacts: [],
  }
}

const timeAt = (task: JsonObject, key: string): number | null => {
  const time = task[key]
  return isJsonObject(time) ? Number(time['seconds'] ?? 0) * 1_000 + Number(time['nanos'] ?? 0) / 1e6 : null
}

const outputPrefix = 'output:'

const outputsOf = (task: JsonObject): JsonObject => {
  const metadata = objectAt(objectAt(task, 'execution'), 'metadata')
  const parameters = Object.entries(metadata)
    .filter(([key]) => key.startsWith(outputPrefix))
    .map(([key, value]) => [key.slice(outputPrefix.length), value])
  const artifacts = Object.entries(objectAt(task, 'outputs')).map(([name, list]) => {
    const found = isJsonObject(list) && Array.isArray(list['artifacts']) ? list['artifacts'].filter(isJsonObject) : []
    const shown = found.map(({ uri, schemaTitle, metadata: facts }) => ({ uri, schemaTitle, metadata: facts ?? {} }))
    return [name, shown.length === 1 ? shown[0] : shown]
  })
  return Object.fromEntries([...parameters, ...artifacts]) as JsonObject
}

/** The end of a run for a person: the state, what failed and why, what never ran, and the outputs. */
export const describeJob = (result: JobResult): readonly string[] => {
  const failed = result.tasks.filter((task) => task.state === 'failed' && task.error !== null)
  const never = result.tasks.filter((task) => task.state === 'notTriggered')
  return [
    // A failed task says more than the job, which only repeats it.
    `${paintState(result.state)}${result.error === null || failed.length > 0 ? '' : `: ${result.error}`}`,
    ...failed.flatMap((task) => [
      `${paint('red', '✗')} ${task.error}`,
      ...task.details.map((line) => `    ${paint('gray', line)}`),
    ]),
    ...(result.leftOut ?? []).map((line) => `left out here: ${line}`),
    ...(never.length === 0 ? [] : [`never ran: ${never.map((task) => task.name).join(', ')}`]),
    ...Object.entries(result.outputs).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  ]
}
