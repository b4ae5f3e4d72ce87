import { callSite, misuse } from './call-site.ts'
import { typeWords } from './check-given.ts'
import type { Condition } from './conditions.ts'
import { current, inGroup, nextGroupNumber } from './current-program.ts'
import { channelPrefix } from './names.ts'
import type {
  BranchesNode,
  Comparison,
  ConditionNode,
  GroupNode,
  OneOfSource,
  PipelineProgram,
  Source,
} from './program.ts'
import { sourceOf, sourcesOf, strictRecord, toReference } from './references.ts'
import { chainOf, requireReachable } from './scopes.ts'

export interface GroupOptions {
  /** For people; the default is the group's number. */
  readonly name?: string
}

const results = Symbol('results')

/** Branches of which exactly one is taken. */
export interface Branches<Result> {
  readonly [results]: readonly Result[]
}

export interface OpenBranches<Result> {
  /** Taken where no branch before it is. */
  Elif<Next>(condition: Condition, write: () => Next, options?: GroupOptions): OpenBranches<Result | Next>
  /** Taken where no other branch is. */
  Else<Next>(write: () => Next, options?: GroupOptions): Branches<Result | Next>
}

const addCondition = (
  program: PipelineProgram,
  parent: GroupNode,
  conditions: readonly Comparison[],
  { name }: GroupOptions,
): ConditionNode => {
  for (const { left, right } of conditions)
    for (const source of [...sourcesOf(left), ...sourcesOf(right)]) requireReachable(source, parent, 'a condition')
  const node: ConditionNode = {
    kind: 'condition',
    name: `condition-${nextGroupNumber(program)}`,
    parent,
    groups: [],
    tasks: [],
    conditions,
    site: callSite(),
    ...(name === undefined ? {} : { displayName: name }),
  }
  parent.groups.push(node)
  return node
}

/** Puts the first branch into a group for all of them, which takes its number, as in kfp. */
const wrap = (program: PipelineProgram, first: ConditionNode): BranchesNode => {
  const parent = first.parent as GroupNode
  const number = first.name.slice('condition-'.length)
  const branches: BranchesNode = {
    kind: 'branches',
    name: `condition-branches-${number}`,
    parent,
    groups: [first],
    tasks: [],
    complete: false,
    oneOfs: 0,
    site: first.site,
  }
  parent.groups.splice(-1, 1, branches)
  first.name = `condition-${nextGroupNumber(program)}`
  first.parent = branches
  return branches
}

const negated = ({ comparison }: Condition): Comparison => ({ ...comparison, negated: true })

const openBranches = <Result>(
  program: PipelineProgram,
  first: ConditionNode,
  branches: BranchesNode | undefined,
  refused: readonly Comparison[],
  made: readonly Result[],
): OpenBranches<Result> => {
  const next = (what: string): BranchesNode => {
    const { group } = current(what)
    const last = branches ?? first
    if (last.parent !== group || group.groups.at(-1) !== last || branches?.complete === true)
      throw misuse(`${what} has to follow its If or Elif at once, within the same group`)
    return branches ?? wrap(program, first)
  }
  return {
    Elif: (condition, write, options = {}) => {
      const around = next('Elif')
      const node = addCondition(program, around, [...refused, condition.comparison], options)
      const result = inGroup(program, node, write)
      return openBranches(program, first, around, [...refused, negated(condition)], [...made, result])
    },
    Else: (write, options = {}) => {
      const around = next('Else')
      const node = addCondition(program, around, refused, options)
      around.complete = true
      return { [results]: [...made, inGroup(program, node, write)] }
    },
  }
}

/** Tasks that run only where the condition holds. */
export const If = <Result>(
  condition: Condition,
  write: () => Result,
  options: GroupOptions = {},
): OpenBranches<Result> => {
  const { program, group } = current('If')
  const node = addCondition(program, group, [condition.comparison], options)
  const result = inGroup(program, node, write)
  return openBranches(program, node, undefined, [negated(condition)], [result])
}

const branchesOf = (source: Source & { kind: 'output' }): BranchesNode | undefined =>
  chainOf(source.task.parent).find((group) => group.kind === 'branches')

const chosen = (options: readonly unknown[]): object => {
  const sources = options.map((option) => {
    const source = sourceOf(option)
    if (source?.kind !== 'output') throw misuse('oneOf takes one output of a task from each branch')
    return source
  })
  const [first] = sources
  const branches = first === undefined ? undefined : branchesOf(first)
  if (first === undefined || branches === undefined)
    throw misuse('oneOf takes outputs of the branches of If, Elif and Else')
  if (!branches.complete) throw misuse('oneOf needs an Else, so that there is a value whatever the conditions say')
  for (const source of sources) {
    if (branchesOf(source) !== branches) throw misuse('oneOf takes outputs of the branches of one If')
    const between = chainOf(source.task.parent)
    if (between.slice(0, between.indexOf(branches)).some((group) => group.kind === 'loop'))
      throw misuse(`oneOf cannot take output "${source.name}" of ${source.task.name} out of a loop`)
    if (typeWords(source.type) !== typeWords(first.type))
      throw misuse(
        `oneOf takes outputs of one type, and is given ${typeWords(first.type)} and ${typeWords(source.type)}`,
      )
  }
  branches.oneOfs += 1
  const source: OneOfSource = {
    kind: 'oneOf',
    branches,
    options: sources,
    key: `${channelPrefix}${branches.name}-oneof-${branches.oneOfs}`,
    type: first.type,
  }
  return toReference(source)
}

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never

/**
 * What the branch that is taken gives: `oneOf(If(c, () => a().output).Else(() => b().output))`, where branches may
 * also give records of outputs. All of one type, and with an Else.
 */
export function oneOf<Result>(branches: true extends IsUnion<Result> ? never : Branches<Result>): Result
export function oneOf<R>(first: R, second: R, ...more: readonly R[]): R
export function oneOf(first: unknown, ...more: readonly unknown[]): unknown {
  current('oneOf')
  const made =
    typeof first === 'object' && first !== null && results in first ? (first as Branches<unknown>)[results] : undefined
  if (made === undefined) return chosen([first, ...more])
  if (made.every((result) => sourceOf(result) !== undefined)) return chosen(made)
  const records = made as readonly Record<string, unknown>[]
  const names = Object.keys(records[0] ?? {})
  return strictRecord(
    Object.fromEntries(names.map((name) => [name, chosen(records.map((record) => record?.[name]))])),
    'what oneOf gives',
  )
}
