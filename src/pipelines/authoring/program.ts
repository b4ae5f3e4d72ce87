import type { Json, JsonObject } from '../../domain/json.ts'
import type { CallSite } from './call-site.ts'
import type { ComponentDefinition } from './component.ts'
import type { ArtifactListType, ArtifactType, Inputs, ListType, ParameterType, ValueType } from './types.ts'

// A pipeline as its author wrote it, before it is IR: tasks in groups, and where each value comes from.

/** Where a value comes from. */
export type Source =
  | { readonly kind: 'input'; readonly program: PipelineProgram; readonly name: string; readonly type: ValueType }
  | { readonly kind: 'output'; readonly task: TaskNode; readonly name: string; readonly type: ValueType }
  | { readonly kind: 'item'; readonly loop: LoopNode; readonly type: ValueType }
  | { readonly kind: 'field'; readonly item: ItemSource; readonly name: string; readonly type: ValueType }
  | OneOfSource
  | { readonly kind: 'collected'; readonly of: Source & { kind: 'output' }; readonly type: ListType | ArtifactListType }
  | { readonly kind: 'text'; readonly parts: readonly (string | Source)[]; readonly type: ParameterType }
type ItemSource = Source & { kind: 'item' }
export interface OneOfSource {
  readonly kind: 'oneOf'
  readonly branches: BranchesNode
  readonly options: readonly (Source & { kind: 'output' })[]
  /** Under which the branches give it out. */
  readonly key: string
  readonly type: ValueType
}

/** A literal, or something that has a value when the pipeline runs; a literal may hold such things. */
export type Given = { readonly source: Source } | { readonly literal: unknown }

interface RetrySettings {
  readonly attempts: number
  readonly backoffSeconds: number
  readonly backoffFactor: number
  readonly longestBackoffSeconds: number
}

export type Quantity = string | Source

export interface ResourceSettings {
  readonly cpuRequest?: Quantity
  readonly cpuLimit?: Quantity
  readonly memoryRequest?: Quantity
  readonly memoryLimit?: Quantity
  readonly acceleratorType?: Quantity
  readonly acceleratorCount?: Quantity
}

export interface TaskSettings {
  displayName?: string
  cache: { readonly enabled: boolean; readonly key?: string }
  retry?: RetrySettings
  resources: ResourceSettings
  env: Record<string, string>
  ignoresUpstreamFailure: boolean
}

export interface TaskNode {
  readonly kind: 'task'
  readonly name: string
  readonly component: ComponentDefinition
  readonly given: Readonly<Record<string, Given>>
  readonly settings: TaskSettings
  readonly after: { readonly node: Node; readonly site: CallSite }[]
  readonly parent: GroupNode
  readonly site: CallSite
  /** The group whose end an exit task waits for. */
  exitOf?: ExitHandlerNode
}

interface Group {
  /** A condition gets another name and parent when an Elif or Else follows it. */
  name: string
  parent: GroupNode | null
  readonly displayName?: string
  readonly groups: GroupNode[]
  readonly tasks: TaskNode[]
  readonly site: CallSite
}

export interface Comparison {
  readonly left: Given
  readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>='
  readonly right: Given
  readonly negated: boolean
}

interface RootNode extends Group {
  readonly kind: 'root'
  readonly program: PipelineProgram
}
export interface BranchesNode extends Group {
  readonly kind: 'branches'
  complete: boolean
  oneOfs: number
}
export interface ConditionNode extends Group {
  readonly kind: 'condition'
  /** All of them have to hold. */
  readonly conditions: readonly Comparison[]
}
export interface LoopNode extends Group {
  readonly kind: 'loop'
  readonly items: { readonly raw: readonly Json[]; readonly name: string } | { readonly source: Source }
  readonly itemType: ParameterType | ArtifactType
  readonly parallelism: number
}
export interface ExitHandlerNode extends Group {
  readonly kind: 'exit-handler'
  readonly exitTask: TaskNode
}
export type GroupNode = RootNode | BranchesNode | ConditionNode | LoopNode | ExitHandlerNode
export type Node = TaskNode | Exclude<GroupNode, RootNode>

export interface PipelineProgram {
  readonly name: string
  readonly displayName?: string
  readonly description?: string
  readonly root: string | null
  readonly inputs: Inputs
  readonly outputs: Record<string, Source>
  readonly body: RootNode
  readonly tasks: Map<string, TaskNode>
  readonly platform: JsonObject | null
  /** The last number that a group got. */
  groupNumber: number
}

/** The groups around a node, the innermost first. */
export const groupsAround = (node: Node | GroupNode): readonly GroupNode[] => {
  const groups: GroupNode[] = []
  for (let group = node.parent; group !== null; group = group.parent) groups.push(group)
  return groups
}
