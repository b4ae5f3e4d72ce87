import type { Json, JsonObject } from '../../domain/json.ts'

// What flows through a pipeline, as values that carry their own TypeScript types: `integer()` is both the definition that
// is written into the IR and the type by which a wrong argument is a type error.

/** How a parameter or an artifact is told to people; it is written into the IR. */
export interface Described {
  readonly description?: string
}

export interface StringType extends Described {
  readonly kind: 'STRING'
}
export interface IntegerType extends Described {
  readonly kind: 'NUMBER_INTEGER'
}
export interface DoubleType extends Described {
  readonly kind: 'NUMBER_DOUBLE'
}
export interface BooleanType extends Described {
  readonly kind: 'BOOLEAN'
}
/** `item` is undefined where nothing is known of the items. */
export interface ListType<Item = any> extends Described {
  readonly kind: 'LIST'
  readonly item?: Item
}
/** `fields` is undefined where nothing is known of the fields. */
export interface StructType<Fields = any> extends Described {
  readonly kind: 'STRUCT'
  readonly fields?: Fields
}
/** How the work that an exit task waits for has ended; the engine fills it in. */
export interface FinalStatusType extends Described {
  readonly kind: 'TASK_FINAL_STATUS'
}
export type ParameterType =
  | StringType
  | IntegerType
  | DoubleType
  | BooleanType
  | ListType
  | StructType
  | FinalStatusType

/** `schema` is a schema title such as `system.Dataset`. */
export interface ArtifactType<Schema extends string = string> extends Described {
  readonly kind: 'ARTIFACT'
  readonly schema: Schema
}
export interface ArtifactListType<Schema extends string = string> extends Described {
  readonly kind: 'ARTIFACT_LIST'
  readonly schema: Schema
}
export type ValueType = ParameterType | ArtifactType | ArtifactListType

/** An input that need not be given and then has no value. */
export interface Optional<Type extends ValueType = ValueType> {
  readonly type: Type
  readonly optional: true
}
/** An input that need not be given and then has this value. */
export interface Defaulted<Type extends ParameterType = ParameterType> extends Optional<Type> {
  readonly default: Json
}

export type Input = ValueType | Optional
export type Inputs = Readonly<Record<string, Input>>
export type Outputs = Readonly<Record<string, ValueType>>

export type TypeOf<I> = I extends { readonly type: infer Type } ? Type : I

/** The JavaScript value that a parameter of a type has. */
export type Plain<Type> = Type extends StringType
  ? string
  : Type extends IntegerType | DoubleType
    ? number
    : Type extends BooleanType
      ? boolean
      : Type extends ListType<infer Item>
        ? readonly PlainOr<Item, Json>[]
        : Type extends StructType<infer Fields>
          ? PlainFields<Fields>
          : Type extends FinalStatusType
            ? JsonObject
            : never

type IsAny<T> = 0 extends 1 & T ? true : false
type PlainOr<Type, Unknown> = IsAny<Type> extends true ? Unknown : Plain<Type>
type PlainFields<Fields> =
  IsAny<Fields> extends true ? JsonObject : { readonly [Key in keyof Fields]: Plain<Fields[Key]> }

/** The type of a literal, such as an item of a list that a loop goes over. */
export type TypeOfPlain<Value> =
  IsAny<Value> extends true
    ? any
    : Value extends string
      ? StringType
      : Value extends number
        ? number extends Value
          ? any
          : `${Value}` extends `${string}.${string}` | `${string}e-${string}`
            ? DoubleType
            : IntegerType
        : Value extends boolean
          ? BooleanType
          : Value extends readonly (infer Item)[]
            ? ListType<TypeOfPlain<Item>>
            : Value extends object
              ? StructType<{ readonly [Key in keyof Value]: TypeOfPlain<Value[Key]> }>
              : never

declare const reference: unique symbol

/** A value that exists when the pipeline runs: one of its inputs, a task's output, an item of a loop. */
export interface Parameter<Type = any> {
  readonly [reference]: Type
}
export interface Artifact<Schema extends string = any> {
  readonly [reference]: ArtifactType<Schema>
}
export interface ArtifactList<Schema extends string = any> {
  readonly [reference]: ArtifactListType<Schema>
}

export type Reference<Type> =
  Type extends ArtifactType<infer Schema>
    ? Artifact<Schema>
    : Type extends ArtifactListType<infer Schema>
      ? ArtifactList<Schema>
      : Parameter<Type>

/** The type of what a reference stands for. */
export type Referred<R> = R extends { readonly [reference]: infer Type } ? Type : never

export type References<Types> = { readonly [Name in keyof Types]: Reference<TypeOf<Types[Name]>> }
