import type { Json } from '../domain/json.ts'
import type { Effect, JobContext, RuntimeArtifact, TaskInputs, TaskOutputs, TaskPath } from './execution.ts'
import type { Component, PipelineSpec, PipelineTask } from './ir.ts'
import { draftTable, type NodeTable, type TableDraft } from './node-table.ts'
import { memberPath } from './retry.ts'

export type NodeState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'skipped' | 'notTriggered'

/** What went wrong first, and in which task. */
interface Cause {
  readonly path: TaskPath
  readonly error: string
}

/** A loop's items: each turn gets one as its `input`. */
export interface Loop {
  readonly input: string
  readonly items:
    | { readonly kind: 'parameter'; readonly values: readonly Json[] }
    | { readonly kind: 'artifact'; readonly values: readonly RuntimeArtifact[] }
  readonly limit: number
  /** The first turn that has not begun. */
  readonly next: number
}

/** A task, a DAG, a loop or a turn of a loop, from when its DAG began. */
export interface Node {
  readonly path: TaskPath
  readonly name: string
  /** The group it belongs to; null for the root. */
  readonly parent: TaskPath | null
  readonly kind: 'task' | 'dag' | 'loop'
  /** Null for the root. */
  readonly task: PipelineTask | null
  readonly componentName: string
  readonly component: Component
  readonly state: NodeState
  /** How many tries of a DAG have begun, and whether it pauses before the next. */
  readonly tries: number
  readonly pausing: boolean
  /** How many tasks it waits for. */
  readonly waiting: number
  readonly cause: Cause | null
  readonly inputs: TaskInputs
  readonly outputs: TaskOutputs
  /** Declared outputs that are absent because the branch that makes them was skipped, each with the reason. */
  readonly lost: Readonly<Record<string, string>>
  /** Of a group: members that have not ended. */
  readonly open: number
  /** Of a group: some member was never begun or was cancelled. */
  readonly halted: boolean
  readonly loop: Loop | null
}

export interface JobOptions {
  /** `slow` (the default) runs everything that can still run after a failure; `fast` begins nothing new but exit tasks. */
  readonly failurePolicy?: 'slow' | 'fast'
  /** Input artifacts of the pipeline itself. */
  readonly artifacts?: Readonly<Record<string, readonly RuntimeArtifact[]>>
}

/** A job's whole state: a value. Each step makes a new one and leaves the old as it was. */
export interface JobState {
  readonly spec: PipelineSpec
  readonly context: JobContext
  readonly failFast: boolean
  readonly cancelling: boolean
  /** The first failure of the job. */
  readonly failure: Cause | null
  readonly ended: boolean
  readonly nodes: NodeTable<Node>
}

export interface Step {
  readonly state: JobState
  readonly effects: readonly Effect[]
}

/** A step being worked out: what it changes, what it asks for, and what is still to be looked at. */
export interface Draft {
  readonly spec: PipelineSpec
  readonly context: JobContext
  readonly failFast: boolean
  readonly nodes: TableDraft<Node>
  readonly effects: Effect[]
  readonly todo: { readonly what: 'decide' | 'settle'; readonly path: TaskPath }[]
  cancelling: boolean
  failure: Cause | null
  ended: boolean
}

export const rootPath = 'root'
export const noOutputs: TaskOutputs = { parameters: {}, artifacts: {} }
const noInputs: TaskInputs = { parameters: {}, artifacts: {} }

export const draftOf = (state: JobState): Draft => ({
  ...state,
  nodes: draftTable(state.nodes),
  effects: [],
  todo: [],
})

export const stepOf = (draft: Draft): Step => ({
  state: {
    spec: draft.spec,
    context: draft.context,
    failFast: draft.failFast,
    cancelling: draft.cancelling,
    failure: draft.failure,
    ended: draft.ended,
    nodes: draft.nodes.finish(),
  },
  effects: draft.effects,
})

export const newNode = (
  fields: Pick<Node, 'path' | 'name' | 'parent' | 'task' | 'componentName' | 'component'> & Partial<Node>,
): Node => ({
  kind: 'task',
  state: 'waiting',
  tries: 1,
  pausing: false,
  waiting: 0,
  cause: null,
  inputs: noInputs,
  outputs: noOutputs,
  lost: {},
  open: 0,
  halted: false,
  loop: null,
  ...fields,
})

export const updateNode = (draft: Draft, node: Node, change: Partial<Node>): Node => {
  const next = { ...node, ...change }
  draft.nodes.set(node.path, next)
  return next
}

/** The member of a DAG by its task's name. */
export const memberNode = (draft: Draft, group: Node, name: string): Node | undefined =>
  draft.nodes.get(memberPath(group, name))

/** True once nothing new may begin but exit tasks. */
export const isDraining = (draft: Draft): boolean => draft.cancelling || (draft.failFast && draft.failure !== null)
