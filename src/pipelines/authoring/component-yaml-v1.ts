import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { misuse } from './call-site.ts'
import { type Component, componentOf } from './component.ts'
import { interfaceSpec, typeOf } from './interface-spec.ts'
import { pythonJson } from './python-json.ts'
import type { Input, Inputs, Outputs, ParameterType, ValueType } from './types.ts'

// component.yaml of KFP's first version: names are free texts, types are names, and placeholders are mappings.

const parameterKinds: Readonly<Record<string, ParameterType['kind']>> = {
  string: 'STRING',
  str: 'STRING',
  text: 'STRING',
  integer: 'NUMBER_INTEGER',
  int: 'NUMBER_INTEGER',
  float: 'NUMBER_DOUBLE',
  double: 'NUMBER_DOUBLE',
  bool: 'BOOLEAN',
  boolean: 'BOOLEAN',
  list: 'LIST',
  jsonarray: 'LIST',
  dict: 'STRUCT',
  dictionary: 'STRUCT',
  jsonobject: 'STRUCT',
}
const schemas = [
  'Dataset',
  'Model',
  'Metrics',
  'ClassificationMetrics',
  'SlicedClassificationMetrics',
  'HTML',
  'Markdown',
]

const inputName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^_0-9a-z]+/g, '_')
    .replace(/^_+|_+$/g, '')

const typeNamed = (type: Json | undefined): ValueType => {
  const name = isJsonObject(type) ? (Object.keys(type)[0] ?? '') : String(type ?? '')
  const kind = parameterKinds[name.toLowerCase()]
  if (kind !== undefined) return { kind }
  const schema = schemas.find((known) => known.toLowerCase() === name.toLowerCase())
  return { kind: 'ARTIFACT', schema: `system.${schema ?? 'Artifact'}` }
}

/** A default is a text, whatever the type. */
const defaultOf = (value: Json, { kind }: ValueType): Json => {
  if (kind === 'STRING' || typeof value !== 'string') return kind === 'STRING' ? String(value) : value
  if (kind === 'BOOLEAN') return ['true', 'yes', '1'].includes(value.toLowerCase())
  return JSON.parse(value) as Json
}

const members = (value: Json | undefined): readonly JsonObject[] =>
  (Array.isArray(value) ? value : []).filter((member): member is JsonObject => isJsonObject(member))

const inputsOf = (spec: JsonObject): Inputs =>
  Object.fromEntries(
    members(spec['inputs']).map((input): [string, Input] => {
      const type = typeNamed(input['type'])
      const fallback = input['default']
      const name = inputName(String(input['name']))
      if (fallback !== undefined && fallback !== null)
        return [name, { type, optional: true, default: defaultOf(fallback, type) } as Input]
      return [name, input['optional'] === true ? { type, optional: true } : type]
    }),
  )

const outputsOf = (spec: JsonObject): Outputs =>
  Object.fromEntries(
    members(spec['outputs']).map((output) => [inputName(String(output['name'])), typeNamed(output['type'])]),
  )

/** The placeholders of the IR for those of a component.yaml. */
const createWords = (inputs: Inputs, outputs: Outputs, what: string) => {
  const typed = (name: string, known: Readonly<Record<string, ValueType>>, side: string): boolean => {
    const type = known[name]
    if (type === undefined) throw misuse(`${what}: its command reads ${side} "${name}", which it does not declare`)
    return type.kind === 'ARTIFACT' || type.kind === 'ARTIFACT_LIST'
  }
  const inputTypes = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, typeOf(input)]))
  const artifact = (name: string, member: string): string => {
    if (!typed(name, inputTypes, 'input'))
      throw misuse(`${what}: "${name}" is a parameter, which has a value and no ${member}: use inputValue`)
    return `{{$.inputs.artifacts['${name}'].${member}}}`
  }
  const output = (name: string, member: string): string =>
    typed(name, outputs, 'output')
      ? `{{$.outputs.artifacts['${name}'].${member}}}`
      : `{{$.outputs.parameters['${name}'].output_file}}`

  const branch = (words: Json | undefined): unknown => (Array.isArray(words) ? words.map(word) : word(words ?? ''))

  const word = (given: Json): unknown => {
    if (!isJsonObject(given)) return String(given)
    const [[kind, value] = ['', undefined]] = Object.entries(given)
    const name = inputName(String(value))
    if (kind === 'inputValue') {
      typed(name, inputTypes, 'input')
      return `{{$.inputs.parameters['${name}']}}`
    }
    if (kind === 'inputPath') return artifact(name, 'path')
    if (kind === 'inputUri') return artifact(name, 'uri')
    if (kind === 'outputPath') return output(name, 'path')
    if (kind === 'outputUri') return output(name, 'uri')
    if (kind === 'executorInput') return '{{$}}'
    if (kind === 'concat') return { Concat: branch(value) }
    if (kind === 'if' && isJsonObject(value)) {
      const condition = isJsonObject(value['cond']) ? value['cond']['isPresent'] : undefined
      if (typeof condition !== 'string') throw misuse(`${what}: its command has an "if" without cond.isPresent`)
      const rest = value['else'] === undefined ? {} : { Else: branch(value['else']) }
      return { IfPresent: { InputName: inputName(condition), Then: branch(value['then']), ...rest } }
    }
    throw misuse(`${what}: its command has a placeholder "${kind}", which is unknown`)
  }
  return (given: Json): string => {
    const made = word(given)
    return typeof made === 'string' ? made : pythonJson(made)
  }
}

export const containerFromV1 = <I extends Inputs, O extends Outputs>(
  spec: JsonObject,
  file: string,
): Component<I, O> => {
  const name = typeof spec['name'] === 'string' ? spec['name'] : 'component'
  const what = `component ${name} (${file})`
  const implementation = isJsonObject(spec['implementation']) ? spec['implementation'] : {}
  const { container } = implementation
  if (!isJsonObject(container) || typeof container['image'] !== 'string')
    throw misuse(`${what} is no container: graphs of KFP's first version cannot be used`)
  const inputs = inputsOf(spec)
  const outputs = outputsOf(spec)
  const word = createWords(inputs, outputs, what)
  const words = (key: 'command' | 'args'): object =>
    Array.isArray(container[key]) ? { [key]: container[key].map(word) } : {}
  const env = isJsonObject(container['env'])
    ? { env: Object.entries(container['env']).map(([key, value]) => ({ name: key, value: String(value) })) }
    : {}
  const executor = {
    container: { image: container['image'], ...words('command'), ...words('args'), ...env } as JsonObject,
  }
  return componentOf<I, O>({
    name,
    inputs,
    outputs,
    spec: interfaceSpec(inputs, outputs),
    implementation: { kind: 'executor', executor },
  })
}
