import type { JsonObject } from '../../domain/json.ts'
import type { Component as ComponentSpec, PipelineSpec } from '../ir.ts'
import { addTask } from './add-task.ts'
import { inputTypes, outputTypes } from './interface-spec.ts'
import type { PipelineProgram } from './program.ts'
import type { Task } from './task.ts'
import type {
  Artifact,
  ArtifactList,
  ArtifactListType,
  ArtifactType,
  FinalStatusType,
  Inputs,
  ListType,
  Outputs,
  Parameter,
  Plain,
  StructType,
  TypeOf,
} from './types.ts'

/** How a component's work is done: by an executor of the IR (container, importer, …), or by tasks of a pipeline's own. */
type Implementation =
  | { readonly kind: 'executor'; readonly executor: JsonObject }
  | { readonly kind: 'pipeline'; readonly program: PipelineProgram }
  | { readonly kind: 'spec'; readonly spec: PipelineSpec }

/** What is known of a component when it is used. */
export interface ComponentDefinition {
  readonly name: string
  readonly inputs: Inputs
  readonly outputs: Outputs
  /** The component of the IR: its input and output definitions, without executor label or DAG. */
  readonly spec: ComponentSpec
  readonly implementation: Implementation
}

/** A list or a mapping may hold references: they are put in when the task runs. */
export type Embedded =
  | Parameter
  | string
  | number
  | boolean
  | null
  | readonly Embedded[]
  | { readonly [key: string]: Embedded }

type AnyOf<Schema> = 'system.Artifact' extends Schema ? any : Schema | 'system.Artifact'

/** What may be given for an input of a type: a value, or something that has one when the pipeline runs. */
export type Argument<Type> =
  Type extends ArtifactType<infer Schema>
    ? Artifact<AnyOf<Schema>>
    : Type extends ArtifactListType<infer Schema>
      ? ArtifactList<AnyOf<Schema>>
      : Type extends FinalStatusType
        ? never
        :
            | Plain<Type>
            | Parameter<Type>
            | (Type extends ListType ? readonly Embedded[] : never)
            | (Type extends StructType ? { readonly [key: string]: Embedded } : never)

type OptionalKeys<I> = {
  [Name in keyof I]: I[Name] extends { readonly optional: true } | FinalStatusType ? Name : never
}[keyof I]

export type Arguments<I extends Inputs> = {
  readonly [Name in Exclude<keyof I, OptionalKeys<I>>]: Argument<TypeOf<I[Name]>>
} & { readonly [Name in OptionalKeys<I>]?: Argument<TypeOf<I[Name]>> | undefined }

/** A component as a function: called within a pipeline it adds a task and gives its outputs. */
export interface Component<I extends Inputs = any, O extends Outputs = any> {
  (...given: {} extends Arguments<I> ? [given?: Arguments<I>] : [given: Arguments<I>]): Task<O>
  readonly definition: ComponentDefinition & { readonly inputs: I; readonly outputs: O }
}

export const componentOf = <I extends Inputs, O extends Outputs>(definition: ComponentDefinition): Component<I, O> => {
  const call = (given: Readonly<Record<string, unknown>> = {}): Task<O> => addTask<O>(definition, given)
  return Object.assign(call, { definition }) as unknown as Component<I, O>
}

/**
 * A typed op out of the IR: `component` holds the input and output definitions, `executor` is what
 * `deploymentSpec.executors` would hold for it, such as `{container: {…}}`. The types are the caller's word for the spec.
 */
export const componentFromSpec = <I extends Inputs = any, O extends Outputs = any>(
  name: string,
  { component, executor }: { readonly component: ComponentSpec; readonly executor: JsonObject },
): Component<I, O> => {
  const { executorLabel: _, dag: __, ...spec } = component
  return componentOf<I, O>({
    name,
    inputs: inputTypes(spec),
    outputs: outputTypes(spec),
    spec,
    implementation: { kind: 'executor', executor },
  })
}
