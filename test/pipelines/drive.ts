import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import type {
  Effect,
  ExecutionEvent,
  JobContext,
  ReadyTask,
  RuntimeArtifact,
  TaskOutputs,
} from '../../src/pipelines/execution.ts'
import { advance, startJob } from '../../src/pipelines/interpreter.ts'
import type { PipelineSpec } from '../../src/pipelines/ir.ts'
import type { JobOptions, JobState } from '../../src/pipelines/job-state.ts'
import { checkPipelineSpec, parsePipeline } from '../../src/pipelines/parse-pipeline.ts'

export const jobContext: JobContext = {
  resourceName: 'projects/p/locations/l/pipelineJobs/job-1',
  jobId: 'job-1',
  jobUuid: '4711',
  project: 'p',
  location: 'l',
  pipelineRoot: '/runs',
  workspacePath: '/scratch',
  taskId: (path) => String([...path].reduce((sum, char) => sum + char.charCodeAt(0), 0)),
  artifactUri: (path, output) => `/runs/${path}/${output}`,
}

const fixtures = join(import.meta.dirname, 'fixtures')
export const fixtureText = (name: string): string => readFileSync(join(fixtures, name), 'utf8')
export const fixture = (name: string): PipelineSpec => parsePipeline(fixtureText(name), name).spec

/** A spec made in a test; it passes the same checks as a compiled one. */
export const specOf = (parts: JsonObject): PipelineSpec =>
  checkPipelineSpec({ pipelineInfo: { name: 'made' }, schemaVersion: '2.1.0', ...parts })

export const artifact = (uri: string, metadata: JsonObject = {}): RuntimeArtifact => ({
  name: uri,
  uri,
  type: { schemaTitle: 'system.Artifact' },
  metadata,
})

export interface Answer {
  readonly parameters?: Readonly<Record<string, Json>>
  readonly artifacts?: Readonly<Record<string, readonly RuntimeArtifact[]>>
  readonly error?: string
  readonly cancelled?: boolean
}

/** What a fake executor says to a task; undefined leaves the task running. */
export type FakeExecutor = (task: ReadyTask) => Answer | undefined

const defaults: Readonly<Record<string, Json>> = {
  STRING: 's',
  NUMBER_INTEGER: 1,
  NUMBER_DOUBLE: 0.5,
  BOOLEAN: true,
  LIST: [],
  STRUCT: {},
}

/** Every declared output with a value of its type, save what the answer says. */
export const answerOf = (task: ReadyTask, answer: Answer = {}): TaskOutputs => ({
  parameters: {
    ...Object.fromEntries(
      Object.entries(task.outputs.parameters).map(([name, type]) => [name, defaults[type] ?? null]),
    ),
    ...answer.parameters,
  },
  artifacts: {
    ...Object.fromEntries(
      Object.keys(task.outputs.artifacts).map((name) => [name, [artifact(`/runs/${task.path}/${name}`)]]),
    ),
    ...answer.artifacts,
  },
})

export const eventOf = (task: ReadyTask, answer: Answer): ExecutionEvent =>
  answer.error !== undefined
    ? { kind: 'failed', path: task.path, error: answer.error }
    : answer.cancelled === true
      ? { kind: 'cancelled', path: task.path }
      : { kind: 'succeeded', path: task.path, outputs: answerOf(task, answer) }

export interface Driven {
  readonly state: JobState
  readonly effects: readonly Effect[]
  readonly events: readonly ExecutionEvent[]
  readonly started: ReadonlyMap<string, ReadyTask>
  /** Path to last state of skipped tasks, groups and tasks that failed before they began. */
  readonly states: ReadonlyMap<string, string>
  readonly reasons: ReadonlyMap<string, string>
  readonly end: Extract<Effect, { kind: 'end' }> | undefined
  /** The most tasks that ran at once. */
  readonly width: number
}

/** Runs a job to its end with a fake executor, the oldest running task ending first. `pick` chooses another. */
export const drive = (
  spec: PipelineSpec,
  parameters: JsonObject = {},
  executor: FakeExecutor = () => ({}),
  options: JobOptions & { readonly pick?: (running: number) => number; readonly cancelAfter?: number } = {},
): Driven => {
  let step = startJob(spec, parameters, jobContext, options)
  const effects: Effect[] = []
  const events: ExecutionEvent[] = []
  const running: ReadyTask[] = []
  const pausing: ExecutionEvent[] = []
  let width = 0
  const take = (): void => {
    effects.push(...step.effects)
    for (const effect of step.effects) {
      if (effect.kind === 'start') running.push(effect.task)
      if (effect.kind === 'group' && effect.retry !== undefined)
        pausing.push({ kind: 'resumed', path: effect.path, failures: effect.retry.failures })
    }
    width = Math.max(width, running.length)
  }
  const tell = (event: ExecutionEvent): void => {
    events.push(event)
    step = advance(step.state, event)
    take()
  }
  take()
  while (running.length > 0 || pausing.length > 0) {
    const rested = pausing.shift()
    if (rested !== undefined) tell(rested)
    if (options.cancelAfter === events.length) tell({ kind: 'cancel' })
    const [task] = running.splice((options.pick?.(running.length) ?? 0) % running.length, 1)
    const answer = task === undefined ? undefined : executor(task)
    if (task !== undefined && answer !== undefined) tell(eventOf(task, answer))
  }
  const states = new Map<string, string>()
  const reasons = new Map<string, string>()
  for (const effect of effects) {
    if (effect.kind !== 'skip' && effect.kind !== 'group') continue
    states.set(effect.path, effect.state)
    reasons.set(effect.path, effect.kind === 'skip' ? effect.reason : (effect.error ?? ''))
  }
  return {
    state: step.state,
    effects,
    events,
    started: new Map(effects.flatMap((effect) => (effect.kind === 'start' ? [[effect.task.path, effect.task]] : []))),
    states,
    reasons,
    end: effects.find((effect) => effect.kind === 'end'),
    width,
  }
}

/** The names of components in a path-free form: `comp-add-2` is `add`. */
export const componentIs = (task: ReadyTask, name: string): boolean =>
  task.componentName.replace(/^comp-/, '').replace(/(-\d+)+$/, '') === name
