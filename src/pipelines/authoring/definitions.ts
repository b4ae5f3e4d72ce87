import type { Json } from '../../domain/json.ts'
import type {
  ArtifactListType,
  ArtifactType,
  BooleanType,
  Defaulted,
  Described,
  DoubleType,
  FinalStatusType,
  IntegerType,
  ListType,
  Optional,
  ParameterType,
  Plain,
  StringType,
  StructType,
  ValueType,
} from './types.ts'

interface WithDefault<Type extends ParameterType> extends Described {
  readonly default: Plain<Type>
}

const defined = <Type extends ParameterType>(
  type: Type,
  { description, ...options }: Described & { readonly default?: Json } = {},
): Type | Defaulted<Type> => {
  const described = description === undefined ? type : { ...type, description }
  return options.default === undefined ? described : { type: described, optional: true, default: options.default }
}

export function string(options: WithDefault<StringType>): Defaulted<StringType>
export function string(options?: Described): StringType
export function string(options?: Described) {
  return defined<StringType>({ kind: 'STRING' }, options)
}

/** A whole number. */
export function integer(options: WithDefault<IntegerType>): Defaulted<IntegerType>
export function integer(options?: Described): IntegerType
export function integer(options?: Described) {
  return defined<IntegerType>({ kind: 'NUMBER_INTEGER' }, options)
}

/** Any number. An output of `integer()` does not fit here, as in KFP. */
export function double(options: WithDefault<DoubleType>): Defaulted<DoubleType>
export function double(options?: Described): DoubleType
export function double(options?: Described) {
  return defined<DoubleType>({ kind: 'NUMBER_DOUBLE' }, options)
}

export function boolean(options: WithDefault<BooleanType>): Defaulted<BooleanType>
export function boolean(options?: Described): BooleanType
export function boolean(options?: Described) {
  return defined<BooleanType>({ kind: 'BOOLEAN' }, options)
}

/** A list; `list(integer())` says what is in it, so that a loop over it knows its items. */
export function list<Item extends ParameterType = any>(
  item: Item | undefined,
  options: WithDefault<ListType<Item>>,
): Defaulted<ListType<Item>>
export function list<Item extends ParameterType = any>(item?: Item, options?: Described): ListType<Item>
export function list(item?: ParameterType, options?: Described) {
  return defined<ListType>(item === undefined ? { kind: 'LIST' } : { kind: 'LIST', item }, options)
}

type Fields = Readonly<Record<string, ParameterType>>

/** A mapping; `struct({rows: integer()})` says what is in it, so that a loop over a list of it knows its fields. */
export function struct<F extends Fields = any>(
  fields: F | undefined,
  options: WithDefault<StructType<F>>,
): Defaulted<StructType<F>>
export function struct<F extends Fields = any>(fields?: F, options?: Described): StructType<F>
export function struct(fields?: Fields, options?: Described) {
  return defined<StructType>(fields === undefined ? { kind: 'STRUCT' } : { kind: 'STRUCT', fields }, options)
}

/** Of an exit task, or of one that runs whatever became of what it waits for. */
export const finalStatus = (options: Described = {}): FinalStatusType => ({ kind: 'TASK_FINAL_STATUS', ...options })

/** An input that need not be given. */
export const optional = <Type extends ValueType>(type: Type): Optional<Type> => ({ type, optional: true })

/** A kind of artifact, by the title of its schema. */
export interface ArtifactClass<Schema extends string = string> {
  readonly schema: Schema
}
export const artifactClass = <const Schema extends string>(schema: Schema): ArtifactClass<Schema> => ({ schema })

export const AnyArtifact = artifactClass('system.Artifact')
export const Dataset = artifactClass('system.Dataset')
export const Model = artifactClass('system.Model')
export const Metrics = artifactClass('system.Metrics')
export const ClassificationMetrics = artifactClass('system.ClassificationMetrics')
export const SlicedClassificationMetrics = artifactClass('system.SlicedClassificationMetrics')
export const HTML = artifactClass('system.HTML')
export const Markdown = artifactClass('system.Markdown')
export const VertexModel = artifactClass('google.VertexModel')
export const VertexDataset = artifactClass('google.VertexDataset')
export const VertexEndpoint = artifactClass('google.VertexEndpoint')

export const artifact = <Schema extends string>(
  { schema }: ArtifactClass<Schema>,
  options: Described = {},
): ArtifactType<Schema> => ({ kind: 'ARTIFACT', schema, ...options })

export const artifactList = <Schema extends string>(
  { schema }: ArtifactClass<Schema>,
  options: Described = {},
): ArtifactListType<Schema> => ({ kind: 'ARTIFACT_LIST', schema, ...options })
