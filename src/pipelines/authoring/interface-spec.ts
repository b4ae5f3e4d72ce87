import type { JsonObject } from '../../domain/json.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { Component as ComponentSpec } from '../ir.ts'
import type { Input, Inputs, Outputs, ValueType } from './types.ts'

type Definitions = NonNullable<ComponentSpec['inputDefinitions']>

const describedAs = (description: string | undefined): { description?: string } =>
  description === undefined ? {} : { description }

/** The definitions of one type in the IR, under `parameters` or `artifacts`. */
export const definitionOf = (type: ValueType): { kind: 'parameters' | 'artifacts'; definition: JsonObject } => {
  if (type.kind !== 'ARTIFACT' && type.kind !== 'ARTIFACT_LIST')
    return { kind: 'parameters', definition: { parameterType: type.kind, ...describedAs(type.description) } }
  return {
    kind: 'artifacts',
    definition: {
      artifactType: { schemaTitle: type.schema, schemaVersion: '0.0.1' },
      ...(type.kind === 'ARTIFACT_LIST' ? { isArtifactList: true } : {}),
      ...describedAs(type.description),
    },
  }
}

export const typeOf = (input: Input): ValueType => ('type' in input ? input.type : input)
export const isOptional = (input: Input): boolean => 'optional' in input || input.kind === 'TASK_FINAL_STATUS'

const inputDefinition = (input: Input): ReturnType<typeof definitionOf> => {
  const { kind, definition } = definitionOf(typeOf(input))
  const fallback = 'default' in input ? { defaultValue: input.default as JsonObject } : {}
  return { kind, definition: { ...definition, ...(isOptional(input) ? { isOptional: true } : {}), ...fallback } }
}

const collect = (all: readonly (readonly [string, ReturnType<typeof definitionOf>])[]): Definitions | undefined => {
  const of = (wanted: 'parameters' | 'artifacts') => {
    const found = all.filter(([, { kind }]) => kind === wanted)
    return found.length === 0
      ? {}
      : { [wanted]: Object.fromEntries(found.map(([name, { definition }]) => [name, definition])) }
  }
  return all.length === 0 ? undefined : ({ ...of('parameters'), ...of('artifacts') } as Definitions)
}

const inputDefinitionsOf = (inputs: Inputs): Definitions | undefined =>
  collect(Object.entries(inputs).map(([name, input]) => [name, inputDefinition(input)]))
const outputDefinitionsOf = (outputs: Outputs): Definitions | undefined =>
  collect(Object.entries(outputs).map(([name, type]) => [name, definitionOf(type)]))

/** The component of the IR that has these inputs and outputs. */
export const interfaceSpec = (inputs: Inputs, outputs: Outputs): ComponentSpec => {
  const inputDefinitions = inputDefinitionsOf(inputs)
  const outputDefinitions = outputDefinitionsOf(outputs)
  return {
    ...(inputDefinitions === undefined ? {} : { inputDefinitions }),
    ...(outputDefinitions === undefined ? {} : { outputDefinitions }),
  }
}

const typesOf = (definitions: Definitions | undefined): Record<string, ValueType> => {
  const parameters = Object.entries(definitions?.parameters ?? {}).map(([name, { parameterType }]) => [
    name,
    { kind: parameterType ?? 'STRING' },
  ])
  const artifacts = Object.entries(definitions?.artifacts ?? {}).map(([name, { artifactType, isArtifactList }]) => {
    const title = isJsonObject(artifactType) ? artifactType['schemaTitle'] : undefined
    const schema = typeof title === 'string' ? title : 'system.Artifact'
    return [name, { kind: isArtifactList === true ? 'ARTIFACT_LIST' : 'ARTIFACT', schema }]
  })
  return Object.fromEntries([...parameters, ...artifacts]) as Record<string, ValueType>
}

/** The types of a component that came as IR. Nothing is known of what is in its lists and mappings. */
export const inputTypes = ({ inputDefinitions }: ComponentSpec): Inputs => {
  const all = { ...inputDefinitions?.parameters, ...inputDefinitions?.artifacts }
  return Object.fromEntries(
    Object.entries(typesOf(inputDefinitions)).map(([name, type]) => {
      const definition = all[name] as { isOptional?: boolean; defaultValue?: unknown } | undefined
      const free = definition?.isOptional === true || definition?.defaultValue !== undefined
      return [name, free ? { type, optional: true as const } : type]
    }),
  )
}
export const outputTypes = ({ outputDefinitions }: ComponentSpec): Outputs => typesOf(outputDefinitions)
