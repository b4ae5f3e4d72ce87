import type { Json } from '../domain/json.ts'
import { CelProblem, celEnvironment, parseCel } from '../expressions/cel.ts'
import { celValue, jsonValue } from '../expressions/cel-values.ts'

export type Selection = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string }

/** A parameter's value under the names of protobuf's Value; as `string_value` every value is there, as text or JSON. */
const variables = ['string_value', 'number_value', 'bool_value', 'struct_value', 'list_value', 'null_value'] as const
const environment = variables.reduce((made, name) => made.registerVariable(name, 'dyn'), celEnvironment())

const valueNames = (value: Json): Record<string, unknown> => {
  const own =
    value === null
      ? 'null_value'
      : Array.isArray(value)
        ? 'list_value'
        : ({ number: 'number_value', boolean: 'bool_value', object: 'struct_value' } as const)[typeof value as 'number']
  return {
    string_value: typeof value === 'string' ? value : JSON.stringify(value),
    ...(own === undefined ? {} : { [own]: celValue(value) }),
  }
}

/** A parameter's part that a selector such as `parseJson(string_value)["a"]["b"]` names, at any depth. */
export const selectValue = (selector: string, value: Json): Selection => {
  try {
    const selected = jsonValue(parseCel(environment, selector).evaluate(valueNames(value)))
    if (selected !== undefined) return { ok: true, value: selected }
    return { ok: false, reason: `the selector \`${selector}\` does not give a value` }
  } catch (problem) {
    if (!(problem instanceof CelProblem)) throw problem
    return { ok: false, reason: `the selector \`${selector}\` cannot be evaluated: ${problem.message}` }
  }
}
