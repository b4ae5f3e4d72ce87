import { Fault } from '../domain/errors.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'
import { type PlaceholderScope, resolveText } from './placeholders.ts'
import { valueText } from './values.ts'

/** IfPresent and Concat, which kfp writes as JSON inside a string. Undefined for everything else. */
const structureOf = (argument: Json): JsonObject | undefined => {
  if (isJsonObject(argument)) return argument
  if (typeof argument !== 'string' || !/^\s*\{\s*"(IfPresent|Concat)"\s*:/.test(argument)) return undefined
  try {
    const value = JSON.parse(argument) as Json
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isPresent = (name: string, scope: PlaceholderScope): boolean => {
  if (Object.hasOwn(scope.parameters, name)) return scope.parameters[name] !== null
  return Object.hasOwn(scope.artifacts, name) && (scope.artifacts[name] ?? []).length > 0
}

const listOf = (value: Json | undefined): readonly Json[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value as Json]

/** One argument of the spec, as the none, one or several that the process gets. */
const resolveArgument = (argument: Json, scope: PlaceholderScope): readonly string[] => {
  const structure = structureOf(argument)
  if (structure === undefined) {
    return [typeof argument === 'string' ? resolveText(argument, scope) : valueText(argument)]
  }
  const condition = structure['IfPresent']
  if (isJsonObject(condition)) {
    const name = condition['InputName']
    if (typeof name !== 'string') throw malformed('an IfPresent needs an InputName')
    const branch = isPresent(name, scope) ? condition['Then'] : condition['Else']
    return listOf(branch).flatMap((item) => resolveArgument(item, scope))
  }
  const parts = structure['Concat']
  if (Array.isArray(parts)) return [parts.flatMap((part: Json) => resolveArgument(part, scope)).join('')]
  throw malformed(`an argument is a text, an IfPresent or a Concat, not {${Object.keys(structure).join(', ')}}`)
}

const malformed = (reason: string): Fault =>
  new Fault('pipeline_invalid', `A container's argument cannot be read: ${reason}.`, {
    remedy: 'Compile the component again with a current kfp.',
  })

/**
 * The command or arguments of a container with every placeholder filled in. An IfPresent whose input has no value
 * and which has no Else leaves no argument at all.
 */
export const resolveContainerArguments = (parts: readonly Json[], scope: PlaceholderScope): string[] =>
  parts.flatMap((part) => resolveArgument(part, scope))
