import {
  type CelExpression,
  CelProblem,
  celEnvironment,
  expressionNodes,
  oneLine,
  parseCel,
} from '../expressions/cel.ts'
import { celMap, celValue, jsonValue } from '../expressions/cel-values.ts'
import type { ParameterType, RuntimeArtifact, TaskInputs } from './execution.ts'
import { suggestName } from './suggest-name.ts'
import { unescapedTexts } from './unescaped-texts.ts'
import { describeValue } from './values.ts'

export type ConditionOutcome =
  | { readonly ok: true; readonly value: boolean }
  | { readonly ok: false; readonly reason: string }

const environment = celEnvironment().registerVariable('inputs', 'map')

/** Read as CEL; where that fails, with its texts read the way kfp writes them, quotes and backslashes unescaped. */
const parseCondition = (text: string): CelExpression => {
  try {
    return parseCel(environment, text)
  } catch (problem) {
    const escaped = problem instanceof CelProblem ? unescapedTexts(text) : undefined
    if (escaped === undefined) throw problem
    try {
      return parseCel(environment, escaped.text, text, escaped.origin)
    } catch {
      throw problem
    }
  }
}

/** 2.0.0 wraps a value: `inputs.parameters['x'].string_value`. */
const wrapped = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      { string_value: value, int_value: value, double_value: value },
    ]),
  )

const celArtifact = ({ name, uri, type, metadata }: RuntimeArtifact): Record<string, unknown> => {
  const values = celMap(metadata)
  return { name, uri, type, metadata: values, properties: wrapped(values), custom_properties: wrapped(values) }
}

const reasonOf = (text: string, message: string): string =>
  `the condition \`${oneLine(text, 300)}\` cannot be evaluated: ${message}`

/** The names in `inputs.parameter_values['name']`, `inputs.parameters['name']` and `inputs.artifacts['name']`. */
const namesRead = (text: string): readonly string[] =>
  [...expressionNodes(parseCondition(text).ast)].flatMap((node) => {
    if (node.op !== '[]') return []
    const [of, key] = node.args
    const isInputs = of.op === '.' && of.args[0].op === 'id' && of.args[0].args === 'inputs'
    return isInputs && key.op === 'value' && typeof key.args === 'string' ? [key.args] : []
  })

/** What keeps a condition from ever being evaluated: it is no CEL, or reads an input that the task does not have. */
export const checkCondition = (text: string, known: ReadonlySet<string>): string | undefined => {
  try {
    const unknown = namesRead(text).find((name) => !known.has(name))
    if (unknown === undefined) return undefined
    return reasonOf(text, `the task has no input "${unknown}"${suggestName(unknown, [...known])}`)
  } catch (problem) {
    if (!(problem instanceof CelProblem)) throw problem
    return reasonOf(text, problem.message)
  }
}

/**
 * Whether a trigger policy's condition holds for a task's resolved inputs. `absent` are declared inputs without a
 * value, which read as null; `typeOf` gives the declared type of a parameter. What cannot be evaluated is a reason,
 * never false.
 */
export const evaluateCondition = (
  text: string,
  inputs: TaskInputs,
  absent: Iterable<string> = [],
  typeOf: (name: string) => ParameterType | undefined = () => undefined,
): ConditionOutcome => {
  const parameters: Record<string, unknown> = Object.fromEntries([
    ...[...absent].map((name) => [name, null]),
    ...Object.entries(inputs.parameters).map(([name, value]) => [name, celValue(value, typeOf(name))]),
  ])
  const artifacts = Object.fromEntries(
    Object.entries(inputs.artifacts).map(([name, list]) => [name, { artifacts: list.map(celArtifact) }]),
  )
  try {
    const condition = parseCondition(text)
    const value = condition.evaluate({
      inputs: { parameter_values: parameters, parameters: wrapped(parameters), artifacts },
    })
    if (typeof value === 'boolean') return { ok: true, value }
    return {
      ok: false,
      reason: reasonOf(text, `it gives ${describeValue(jsonValue(value) ?? null)}, not true or false`),
    }
  } catch (problem) {
    if (!(problem instanceof CelProblem)) throw problem
    const known = new Set([...Object.keys(parameters), ...Object.keys(artifacts)])
    return { ok: false, reason: checkCondition(text, known) ?? reasonOf(text, problem.message) }
  }
}
