import { misuse } from './call-site.ts'
import { checkInterface } from './check-interface.ts'
import { type Component, componentOf } from './component.ts'
import { interfaceSpec, typeOf } from './interface-spec.ts'
import { pythonJson } from './python-json.ts'
import { strictRecord } from './references.ts'
import type { ArtifactListType, ArtifactType, Inputs, Outputs, TypeOf, ValueType } from './types.ts'

interface ParameterInput {
  /** The value, as a text. */
  readonly value: string
}
interface InputArtifact {
  readonly uri: string
  /** A path in the container. */
  readonly path: string
  metadata(key: string): string
}
interface ParameterOutput {
  /** The file into which the container writes the value. */
  readonly path: string
}
interface OutputArtifact {
  readonly uri: string
  readonly path: string
}

type InputPlaceholder<Type> = Type extends ArtifactType | ArtifactListType ? InputArtifact : ParameterInput
type OutputPlaceholder<Type> = Type extends ArtifactType | ArtifactListType ? OutputArtifact : ParameterOutput

interface Places<I extends Inputs, O extends Outputs> {
  readonly inputs: { readonly [Name in keyof I]: InputPlaceholder<TypeOf<I[Name]>> }
  readonly outputs: { readonly [Name in keyof O]: OutputPlaceholder<O[Name]> }
}

const structure = Symbol('structure')
/** A word that is put together when the task runs. */
export interface Assembled {
  readonly [structure]: { readonly Concat: readonly unknown[] } | { readonly IfPresent: object }
}
export type Word = string | number | Assembled

const wordOf = (word: Word): unknown => (typeof word === 'object' ? word[structure] : String(word))
const asText = (word: Word): string => (typeof word === 'object' ? pythonJson(word[structure]) : String(word))

/** The words put together into one, which leaves out what an ifPresent in it leaves out. */
export const concat = (...words: readonly Word[]): Assembled => ({ [structure]: { Concat: words.map(wordOf) } })

const names = new WeakMap<object, string>()

const branch = (words: Word | readonly Word[]): unknown =>
  Array.isArray(words) ? words.map(wordOf) : wordOf(words as Word)

/** Words that are there only where an input is given; several words where a list is given. */
export const ifPresent = (
  input: ParameterInput | InputArtifact,
  then: Word | readonly Word[],
  otherwise?: Word | readonly Word[],
): Assembled => {
  const name = names.get(input)
  if (name === undefined) throw misuse('ifPresent takes an input of the component itself')
  const rest = otherwise === undefined ? {} : { Else: branch(otherwise) }
  return { [structure]: { IfPresent: { InputName: name, Then: branch(then), ...rest } } }
}

const isArtifact = (type: ValueType): boolean => type.kind === 'ARTIFACT' || type.kind === 'ARTIFACT_LIST'

const inputPlaceholder = (name: string, type: ValueType): ParameterInput | InputArtifact => {
  const at = `$.inputs.artifacts['${name}']`
  const made = isArtifact(type)
    ? { uri: `{{${at}.uri}}`, path: `{{${at}.path}}`, metadata: (key: string) => `{{${at}.metadata['${key}']}}` }
    : { value: `{{$.inputs.parameters['${name}']}}` }
  names.set(made, name)
  return made
}

const outputPlaceholder = (name: string, type: ValueType): ParameterOutput | OutputArtifact => {
  const at = `$.outputs.artifacts['${name}']`
  return isArtifact(type)
    ? { uri: `{{${at}.uri}}`, path: `{{${at}.path}}` }
    : { path: `{{$.outputs.parameters['${name}'].output_file}}` }
}

const placesOf = <I extends Inputs, O extends Outputs>(name: string, inputs: I, outputs: O): Places<I, O> => ({
  inputs: strictRecord(
    Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, inputPlaceholder(key, typeOf(input))])),
    `the inputs of ${name}`,
  ) as Places<I, O>['inputs'],
  outputs: strictRecord(
    Object.fromEntries(Object.entries(outputs).map(([key, type]) => [key, outputPlaceholder(key, type)])),
    `the outputs of ${name}`,
  ) as Places<I, O>['outputs'],
})

export interface ContainerOptions<I extends Inputs, O extends Outputs> {
  readonly name: string
  readonly image: string
  readonly inputs?: I
  readonly outputs?: O
  /** Words of the command; the image's entry point runs where there is none. */
  readonly command?: readonly Word[] | ((places: Places<I, O>) => readonly Word[])
  readonly args?: readonly Word[] | ((places: Places<I, O>) => readonly Word[])
  readonly env?: Readonly<Record<string, string>>
}

/** A component that is a container: its command and arguments are texts with places for inputs and outputs in them. */
export const containerComponent = <
  const I extends Inputs = Record<never, never>,
  const O extends Outputs = Record<never, never>,
>({
  name,
  image,
  command,
  args,
  env,
  ...options
}: ContainerOptions<I, O>): Component<I, O> => {
  const inputs = (options.inputs ?? {}) as I
  const outputs = (options.outputs ?? {}) as O
  checkInterface(`component ${name}`, inputs, outputs)
  const places = placesOf(name, inputs, outputs)
  const words = (given: ContainerOptions<I, O>['command']): string[] | undefined =>
    given === undefined ? undefined : (typeof given === 'function' ? given(places) : given).map(asText)
  const [commandWords, argWords] = [words(command), words(args)]
  const container = {
    image,
    ...(commandWords === undefined ? {} : { command: commandWords }),
    ...(argWords === undefined ? {} : { args: argWords }),
    ...(env === undefined ? {} : { env: Object.entries(env).map(([key, value]) => ({ name: key, value })) }),
  }
  return componentOf<I, O>({
    name,
    inputs,
    outputs,
    spec: interfaceSpec(inputs, outputs),
    implementation: { kind: 'executor', executor: { container } },
  })
}
