import type { Json } from '../../domain/json.ts'
import { callSite, misuse } from './call-site.ts'
import { checkInterface } from './check-interface.ts'
import { type Component, componentOf } from './component.ts'
import { functionSource, ownSource } from './function-source.ts'
import { interfaceSpec, typeOf } from './interface-spec.ts'
import { executeComponent, type NodeInterface } from './node-executor.ts'
import { isPackage, nodeCommand } from './node-launcher.ts'
import type {
  ArtifactListType,
  ArtifactType,
  Defaulted,
  Inputs,
  Optional,
  Outputs,
  Plain,
  TypeOf,
  ValueType,
} from './types.ts'

/** An artifact as a component's function sees it. */
export interface RunArtifact {
  readonly name: string
  readonly uri: string
  /** Where its file or folder is, or is to be written. */
  readonly path: string
  /** What is set here goes with the artifact; of metrics it is all there is. */
  readonly metadata: Record<string, Json>
  readonly type: string
}

type RunValue<Type> = Type extends ArtifactType
  ? RunArtifact
  : Type extends ArtifactListType
    ? readonly RunArtifact[]
    : Plain<Type>

/** An input that need not be given and has no default may be undefined. */
type RunInput<I> = I extends Defaulted
  ? RunValue<TypeOf<I>>
  : I extends Optional
    ? RunValue<TypeOf<I>> | undefined
    : RunValue<TypeOf<I>>

type ArtifactNames<O> = { [Name in keyof O]: O[Name] extends ArtifactType | ArtifactListType ? Name : never }[keyof O]
type ParameterNames<O> = Exclude<keyof O, ArtifactNames<O>>
type RunOutputs<O> = { readonly [Name in ArtifactNames<O>]: RunValue<O[Name]> }
type Result<O> = [ParameterNames<O>] extends [never]
  ? void
  : { readonly [Name in ParameterNames<O>]: RunValue<O[Name]> }

export interface ComponentOptions<I extends Inputs, O extends Outputs> {
  readonly name: string
  readonly inputs?: I
  readonly outputs?: O
  /** From npm, such as `csv-parse@6.1.0`; the function gets at them by `await import('csv-parse/sync')`. */
  readonly packages?: readonly string[]
  /** With Node 22.3 or newer in it; `node:24` where it is left out. */
  readonly image?: string
  /**
   * The work. Its source travels alone: it may use its arguments, JavaScript's and Node's globals, and what it imports
   * itself. It gives the output parameters back and writes output artifacts to their paths.
   */
  readonly run: (
    inputs: { readonly [Name in keyof I]: RunInput<I[Name]> },
    outputs: RunOutputs<O>,
  ) => Result<O> | Promise<Result<O>>
}

const isArtifact = ({ kind }: ValueType): boolean => kind === 'ARTIFACT' || kind === 'ARTIFACT_LIST'
const listsAmong = (types: readonly (readonly [string, ValueType])[]): readonly string[] =>
  types.flatMap(([name, { kind }]) => (kind === 'ARTIFACT_LIST' ? [name] : []))

const interfaceOf = (name: string, inputs: Inputs, outputs: Outputs): NodeInterface => {
  const results = Object.entries(outputs)
  return {
    name,
    parameters: Object.fromEntries(results.flatMap(([key, type]) => (isArtifact(type) ? [] : [[key, type.kind]]))),
    inputLists: listsAmong(Object.entries(inputs).map(([key, input]) => [key, typeOf(input)] as const)),
    outputLists: listsAmong(results),
  }
}

/** A component that is a function of TypeScript; it runs as a Node process with KFP's executor contract. */
export const defineComponent = <
  const I extends Inputs = Record<never, never>,
  const O extends Outputs = Record<never, never>,
>({
  name,
  packages = [],
  image = 'node:24',
  run,
  ...options
}: ComponentOptions<I, O>): Component<I, O> => {
  const inputs = (options.inputs ?? {}) as I
  const outputs = (options.outputs ?? {}) as O
  checkInterface(`component ${name}`, inputs, outputs)
  const wrong = packages.find((text) => !isPackage(text))
  if (wrong !== undefined)
    throw misuse(`component ${name}: "${wrong}" is no package with a version, such as csv-parse@6.1.0`)
  const source = `const run = ${functionSource(run, `component ${name}`, callSite())}

const execute = ${ownSource(executeComponent)}

await execute(run, ${JSON.stringify(interfaceOf(name, inputs, outputs))})
`
  const container = {
    image,
    command: nodeCommand(source, packages),
    args: ['--executor_input', '{{$}}', '--function_to_execute', name],
  }
  return componentOf<I, O>({
    name,
    inputs,
    outputs,
    spec: interfaceSpec(inputs, outputs),
    implementation: { kind: 'executor', executor: { container } },
  })
}
