import type { Json, JsonObject } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'
import { type Comparison, type Expression, parseCondition } from './condition-syntax.ts'
import { ConditionProblem } from './condition-tokens.ts'
import type { TaskInputs } from './execution.ts'
import { suggestName } from './suggest-name.ts'
import { describeValue } from './values.ts'

export type ConditionOutcome =
  | { readonly ok: true; readonly value: boolean }
  | { readonly ok: false; readonly reason: string }

const kindOf = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value === 'object' ? 'mapping' : typeof value

const equal = (left: Json, right: Json): boolean => {
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length && left.every((item: Json, i) => equal(item, (right as readonly Json[])[i] ?? null))
    )
  }
  if (isJsonObject(left) && isJsonObject(right)) {
    const keys = Object.keys(left)
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && equal(left[key] ?? null, right[key] ?? null))
    )
  }
  return left === right
}

const compare = (sign: Comparison, left: Json, right: Json): boolean => {
  if (sign === '==' || sign === '!=') {
    if (kindOf(left) !== kindOf(right) && left !== null && right !== null) {
      throw new ConditionProblem(`${describeValue(left)} cannot be compared with ${describeValue(right)}`)
    }
    return equal(left, right) === (sign === '==')
  }
  const ordered = kindOf(left) === kindOf(right) && (typeof left === 'number' || typeof left === 'string')
  if (!ordered) {
    throw new ConditionProblem(
      `"${sign}" needs two numbers or two texts, not ${describeValue(left)} and ${describeValue(right)}`,
    )
  }
  const [a, b] = [left, right as number | string]
  return sign === '<' ? a < b : sign === '<=' ? a <= b : sign === '>' ? a > b : a >= b
}

const toNumber = (name: string, value: Json): number => {
  const text = typeof value === 'string' ? value.trim() : undefined
  const number =
    text === undefined ? value : /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
  if (typeof number !== 'number') throw new ConditionProblem(`${name}() needs a number, not ${describeValue(value)}`)
  if (name === 'double') return number
  if (text !== undefined && !/^[+-]?\d+$/.test(text)) {
    throw new ConditionProblem(`int() needs a whole number, not ${describeValue(value)}`)
  }
  return Math.trunc(number)
}

const functions: Readonly<Record<string, (value: Json) => Json>> = {
  int: (value) => toNumber('int', value),
  double: (value) => toNumber('double', value),
  string: (value) => {
    if (value === null || typeof value === 'object')
      throw new ConditionProblem(`string() needs a number, a text or true or false, not ${describeValue(value)}`)
    return String(value)
  },
  bool: (value) => {
    if (value === true || value === 'true') return true
    if (value === false || value === 'false') return false
    throw new ConditionProblem(`bool() needs true or false, not ${describeValue(value)}`)
  },
  size: (value) => {
    if (typeof value === 'string') return [...value].length
    if (Array.isArray(value)) return value.length
    if (isJsonObject(value)) return Object.keys(value).length
    throw new ConditionProblem(`size() needs a text, a list or a mapping, not ${describeValue(value)}`)
  },
}

const truth = (value: Json, what: string): boolean => {
  if (typeof value === 'boolean') return value
  throw new ConditionProblem(`${what} needs true or false, not ${describeValue(value)}`)
}

const memberOf = (of: Json, key: string | number): Json => {
  if (Array.isArray(of) && typeof key === 'number') {
    const item = (of as readonly Json[])[key]
    if (item !== undefined) return item
    throw new ConditionProblem(`there is no item ${key} in a list of ${of.length}`)
  }
  if (isJsonObject(of) && typeof key === 'string') {
    const value = Object.hasOwn(of, key) ? of[key] : undefined
    if (value !== undefined) return value
    throw new ConditionProblem(`there is no "${key}"${suggestName(key, Object.keys(of))}`)
  }
  throw new ConditionProblem(`${describeValue(of)} has no ${typeof key === 'number' ? `item ${key}` : `"${key}"`}`)
}

// 2.0.0 wraps a parameter as inputs.parameters['x'].string_value and so on.
const wrappers: ReadonlySet<string | number> = new Set(['string_value', 'int_value', 'double_value'])

const evaluate = (expression: Expression, names: JsonObject): Json => {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'name':
      return memberOf(names, expression.name)
    case 'member': {
      const of = evaluate(expression.of, names)
      return expression.dotted && wrappers.has(expression.key) && !isJsonObject(of) ? of : memberOf(of, expression.key)
    }
    case 'call': {
      const call = Object.hasOwn(functions, expression.name) ? functions[expression.name] : undefined
      if (call === undefined) {
        throw new ConditionProblem(
          `there is no function "${expression.name}"${suggestName(expression.name, Object.keys(functions))}`,
        )
      }
      return call(evaluate(expression.argument, names))
    }
    case 'not':
      return !truth(evaluate(expression.of, names), '"!"')
    case 'negative': {
      const value = evaluate(expression.of, names)
      if (typeof value === 'number') return -value
      throw new ConditionProblem(`"-" needs a number, not ${describeValue(value)}`)
    }
    case 'and':
      return truth(evaluate(expression.left, names), '"&&"') && truth(evaluate(expression.right, names), '"&&"')
    case 'or':
      return truth(evaluate(expression.left, names), '"||"') || truth(evaluate(expression.right, names), '"||"')
    case 'compare':
      return compare(expression.sign, evaluate(expression.left, names), evaluate(expression.right, names))
  }
}

/**
 * Whether a trigger policy's condition holds for a task's resolved inputs. `optional` are declared inputs without a
 * value, which read as null. What cannot be evaluated is a reason, never false.
 */
export const evaluateCondition = (
  text: string,
  inputs: TaskInputs,
  optional: Iterable<string> = [],
): ConditionOutcome => {
  const absent = Object.fromEntries([...optional].map((name) => [name, null]))
  const parameters = { ...absent, ...inputs.parameters }
  const artifacts = Object.fromEntries(
    Object.entries(inputs.artifacts).map(([name, list]) => [name, { artifacts: list }]),
  )
  try {
    const names = { inputs: { parameter_values: parameters, parameters, artifacts } } as unknown as JsonObject
    const value = truth(evaluate(parseCondition(text), names), 'a condition')
    return { ok: true, value }
  } catch (problem) {
    if (!(problem instanceof ConditionProblem)) throw problem
    return { ok: false, reason: `the condition \`${text}\` cannot be evaluated: ${problem.message}` }
  }
}
