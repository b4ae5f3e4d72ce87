import type { Json } from '../../domain/json.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { GroupOptions } from './branches.ts'
import { callSite, misuse } from './call-site.ts'
import { typeWords } from './check-given.ts'
import { current, inGroup, nextGroupNumber } from './current-program.ts'
import type { LoopNode, Source } from './program.ts'
import { sourceOf, strictRecord, toReference } from './references.ts'
import { requireReachable } from './scopes.ts'
import type {
  Artifact,
  ArtifactList,
  ArtifactType,
  ListType,
  Parameter,
  ParameterType,
  Referred,
  StructType,
  TypeOfPlain,
} from './types.ts'

const result = Symbol('result')

/** What a loop's function gave for one item; `collected` makes lists of it. */
export interface Looped<Result> {
  readonly [result]: Result
}

export type Item<Type> = Parameter<Type> &
  (Type extends StructType<infer Fields> ? { readonly [Name in keyof Fields]: Parameter<Fields[Name]> } : unknown)

export interface LoopOptions extends GroupOptions {
  /** How many items are worked on at a time; no limit where it is left out. */
  readonly parallelism?: number
}

/** The type of literals; of the first one where nothing fits all. */
const typeOfLiterals = (values: readonly Json[]): ParameterType => {
  const [first] = values
  if (typeof first === 'string') return { kind: 'STRING' }
  if (typeof first === 'boolean') return { kind: 'BOOLEAN' }
  if (typeof first === 'number')
    return { kind: values.every(Number.isSafeInteger) ? 'NUMBER_INTEGER' : 'NUMBER_DOUBLE' }
  if (Array.isArray(first)) return { kind: 'LIST', item: typeOfLiterals(values.flat()) }
  if (!isJsonObject(first)) return { kind: 'STRING' }
  const of = (name: string): Json[] => values.flatMap((value) => (isJsonObject(value) ? [value[name] ?? null] : []))
  return {
    kind: 'STRUCT',
    fields: Object.fromEntries(Object.keys(first).map((name) => [name, typeOfLiterals(of(name))])),
  }
}

const itemTypeOf = ({ kind, type }: Source): ParameterType | ArtifactType => {
  if (type.kind === 'ARTIFACT_LIST') return { kind: 'ARTIFACT', schema: type.schema }
  if (type.kind === 'LIST') return (type.item as ParameterType | undefined) ?? { kind: 'STRING' }
  // Nothing is known of the fields of some items.
  if (kind === 'field' && type.kind === 'STRING') return { kind: 'STRING' }
  throw misuse(`parallelFor goes over a list, and is given ${typeWords(type)}`)
}

const literals = (items: unknown): readonly Json[] => {
  if (!Array.isArray(items)) throw misuse('parallelFor goes over a list')
  if (items.length === 0) throw misuse('parallelFor is given an empty list')
  return items as readonly Json[]
}

/**
 * Tasks for each item of a list: a literal, a parameter, or an output of a task. What `write` gives is to be had outside
 * of the loop through `collected`.
 */
export function parallelFor<const Items extends readonly unknown[], Result>(
  items: Items,
  write: (item: Item<TypeOfPlain<Items[number]>>) => Result,
  options?: LoopOptions,
): Looped<Result>
export function parallelFor<Schema extends string, Result>(
  items: ArtifactList<Schema>,
  write: (item: Artifact<Schema>) => Result,
  options?: LoopOptions,
): Looped<Result>
export function parallelFor<Type, Result>(
  items: Parameter<ListType<Type>>,
  write: (item: Item<Type>) => Result,
  options?: LoopOptions,
): Looped<Result>
export function parallelFor<Result>(
  items: unknown,
  write: (item: never) => Result,
  { name, parallelism = 0 }: LoopOptions = {},
): Looped<Result> {
  const { program, group } = current('parallelFor')
  if (!Number.isInteger(parallelism) || parallelism < 0)
    throw misuse(`parallelism is a whole number, not ${parallelism}`)
  const source = sourceOf(items)
  if (source !== undefined) requireReachable(source, group, 'parallelFor')
  const over: LoopNode['items'] =
    source === undefined ? { raw: literals(items), name: `loop-item-param-${nextGroupNumber(program)}` } : { source }
  const node: LoopNode = {
    kind: 'loop',
    name: `for-loop-${nextGroupNumber(program)}`,
    parent: group,
    groups: [],
    tasks: [],
    items: over,
    itemType: 'raw' in over ? typeOfLiterals(over.raw) : itemTypeOf(over.source),
    parallelism,
    site: callSite(),
    ...(name === undefined ? {} : { displayName: name }),
  }
  group.groups.push(node)
  const item = toReference({ kind: 'item', loop: node, type: node.itemType })
  return { [result]: inGroup(program, node, () => write(item as never)) }
}

type CollectedReference<Type> =
  Type extends ArtifactType<infer Schema> ? ArtifactList<Schema> : Parameter<ListType<Type>>
export type Collected<Result> = [Referred<Result>] extends [never]
  ? { readonly [Name in keyof Result]: CollectedReference<Referred<Result[Name]>> }
  : CollectedReference<Referred<Result>>

const collect = (value: unknown): object => {
  const of = sourceOf(value)
  if (of?.kind !== 'output') throw misuse('collected takes outputs of tasks within parallelFor')
  if (of.type.kind === 'ARTIFACT_LIST') throw misuse('collected cannot make a list of lists of artifacts')
  const type =
    of.type.kind === 'ARTIFACT'
      ? ({ kind: 'ARTIFACT_LIST', schema: of.type.schema } as const)
      : ({ kind: 'LIST', item: of.type } as const)
  return toReference({ kind: 'collected', of, type })
}

/** A list of what a loop gives for its items: `collected(parallelFor(rows, (row) => add({a: row}).output))`. */
export function collected<Result>(loop: Looped<Result>): Collected<Result>
export function collected<Type>(output: Parameter<Type>): Parameter<ListType<Type>>
export function collected<Schema extends string>(output: Artifact<Schema>): ArtifactList<Schema>
export function collected(value: object): unknown {
  current('collected')
  const made = result in value ? (value as Looped<unknown>)[result] : value
  if (sourceOf(made) !== undefined) return collect(made)
  if (typeof made !== 'object' || made === null || 'outputs' in made)
    throw misuse('collected takes what a loop gives: an output, or a record of outputs')
  return strictRecord(
    Object.fromEntries(Object.entries(made).map(([name, value]) => [name, collect(value)])),
    'what is collected',
  )
}
