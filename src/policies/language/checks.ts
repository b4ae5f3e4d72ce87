import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import { type CelExpression, CelProblem, celEnvironment, expressionNodes, parseCel } from '../../expressions/cel.ts'
import { celMap, celValue, jsonValue } from '../../expressions/cel-values.ts'
import { findMetric, metricNames } from './metrics.ts'

/** What a check may read, each a mapping. Metrics whose name has a dot are members: `latency.p99`, `data.rows`. */
const checkVariables = ['metrics', 'classes', 'champion', 'data', 'latency', 'model', 'change', 'candidate'] as const
export type CheckFacts = Readonly<Record<(typeof checkVariables)[number], JsonObject>>

/** What a check gives: true or false, or why it could not be evaluated. */
export type CheckResult =
  | { readonly ok: true; readonly value: boolean }
  | { readonly ok: false; readonly reason: string }

type AstNode = CelExpression['ast']

const environment = checkVariables
  .reduce((made, name) => made.registerVariable(name, 'map'), celEnvironment())
  .registerVariable('throughput', 'double')

const retrainEnvironment = celEnvironment().registerVariable('previous', 'dyn')

const problemOf = (work: () => CelExpression): CelExpression | string => {
  try {
    return work()
  } catch (problem) {
    if (!(problem instanceof CelProblem)) throw problem
    return problem.message
  }
}

/** Members that a variable has by Winnow's own names; others hold what a pipeline or a change brings. */
const membersOf = (prefix: string): readonly string[] =>
  metricNames.filter((name) => name.startsWith(`${prefix}.`)).map((name) => name.slice(prefix.length + 1))
const closed: Readonly<Record<string, readonly string[]>> = { latency: membersOf('latency') }
const ofParts = (family: 'model' | 'data'): readonly string[] =>
  metricNames.filter((name) => findMetric(name)?.over !== 'whole' && findMetric(name)?.family === family)
const ofClasses = ofParts('model')
const ofColumns = ofParts('data').map((name) => name.slice('data.'.length))
/** Names that Winnow has there, beside those that a pipeline brings: what is near one of them is meant for it. */
const open: Readonly<Record<string, readonly string[]>> = {
  metrics: metricNames,
  champion: metricNames,
  data: [...membersOf('data'), 'columns'],
  model: membersOf('model'),
}

/** The names that a member of `of` may have, where Winnow knows any. */
const openMembers = (of: AstNode): readonly string[] | undefined => {
  if (of.op === 'id') return open[of.args]
  if (of.op !== '.' && of.op !== '[]') return undefined
  const [whole] = of.args
  if (whole.op === 'id') return whole.args === 'classes' ? ofClasses : undefined
  const isColumns = whole.op === '.' && whole.args[1] === 'columns' && whole.args[0].op === 'id'
  return isColumns && whole.args[0].args === 'data' ? ofColumns : undefined
}

/**
 * What reading the expressions of a policy may take, checks and parameters of a retrain together: each is compiled, and a
 * chain of operators takes the square of its length.
 */
export interface ExpressionBudget {
  expressions: number
  characters: number
  operators: number
}

const mostExpressions = 1_000

export const expressionBudget = (): ExpressionBudget => ({
  expressions: mostExpressions,
  characters: 100_000,
  operators: 4_000,
})

const mostOperators = 200

/** Takes an expression out of the budget; why it is not read, where it is too much by itself or with those before it. */
export const spendOn = (expression: string, budget: ExpressionBudget): string | undefined => {
  const operators = expression.match(/&&|\|\||[<>=!]=|[-+*/%<>!?:]/g)?.length ?? 0
  if (operators > mostOperators) return `expected at most ${mostOperators} operators, got ${operators}`
  budget.expressions -= 1
  if (budget.expressions < 0) return `expected at most ${mostExpressions} expressions in a policy`
  budget.operators -= operators
  budget.characters -= expression.length
  return budget.operators < 0 || budget.characters < 0
    ? 'expected shorter checks: those of the policy are too much to read together'
    : undefined
}

/** Why an expression can never be a check: it is no CEL, or reads a name that nothing has. Undefined where it can. */
export const checkFault = (expression: string): string | undefined => {
  const parsed = problemOf(() => parseCel(environment, expression))
  if (typeof parsed === 'string') return `expected a condition in CEL: ${parsed}`
  const known: readonly string[] = [...checkVariables, 'throughput']
  const bound = new Set<string>()
  for (const node of expressionNodes(parsed.ast)) {
    // The variable of a loop, `list.all(x, …)`, is a name of its own.
    if (node.op === 'rcall' && node.args[2]?.[0]?.op === 'id') bound.add(String(node.args[2][0].args))
    if (node.op === 'id' && !known.includes(node.args) && !bound.has(node.args))
      return `unknown name ${node.args}${hint(node.args, known)} A check reads ${known.join(', ')}`
    if (node.op !== '.') continue
    const [of, member] = node.args
    const members = of.op === 'id' ? closed[of.args] : undefined
    if (members !== undefined && !members.includes(member))
      return `unknown name ${of.args as string}.${member}${hint(member, members)}`
    const near = nearMember(member, openMembers(of))
    if (near === undefined) continue
    const text = textOf(of)
    return text === 'metrics'
      ? `unknown metric ${member}, did you mean ${near}? Write metrics['${member}'] for the pipeline's own`
      : `unknown name ${member} in ${text}, did you mean ${near}? Write ${text}['${member}'] for the pipeline's own`
  }
  const type = typeOf(expression)
  return type === undefined || type === 'bool' || type === 'dyn'
    ? undefined
    : `expected a condition, which is true or false, got an expression that gives ${type}`
}

/** What an expression gives, as far as that is known before it is evaluated. */
const typeOf = (expression: string): string | undefined => {
  const { valid, type } = environment.check(expression)
  return valid ? type : undefined
}

const nearMember = (member: string, known: readonly string[] | undefined): string | undefined =>
  known === undefined || known.includes(member) ? undefined : nearestName(member, known)

const textOf = (node: AstNode): string => {
  if (node.op === 'id') return node.args
  if (node.op === '.') return `${textOf(node.args[0])}.${node.args[1]}`
  if (node.op === '[]') return `${textOf(node.args[0])}[…]`
  return '…'
}

const hint = (name: string, known: readonly string[]): string => {
  const near = nearestName(name, known)
  return near === undefined ? '.' : `, did you mean ${near}?`
}

/** The variables that a check reads: what must be known before it can be evaluated. */
export const checkReads = (expression: string): readonly string[] => {
  const parsed = problemOf(() => parseCel(environment, expression))
  if (typeof parsed === 'string') return []
  return [...expressionNodes(parsed.ast)].flatMap((node) => (node.op === 'id' ? [node.args] : []))
}

/** Evaluates a check. What it reads and nothing has is a reason, never false. May take long: callers bound its time. */
export const evaluateCheck = (expression: string, facts: CheckFacts): CheckResult => {
  try {
    // Where no class is known there is no empty list of them: everything is true of every one of none.
    const known = checkVariables.filter((name) => name !== 'classes' || Object.keys(facts.classes).length > 0)
    const variables = Object.fromEntries(known.map((name) => [name, celMap(facts[name])]))
    const throughput = facts.metrics['throughput']
    const value = parseCel(environment, expression).evaluate({
      ...variables,
      ...(typeof throughput === 'number' ? { throughput } : {}),
    })
    if (typeof value === 'boolean') return { ok: true, value }
    return { ok: false, reason: `it gives ${JSON.stringify(jsonValue(value) ?? String(value))}, not true or false` }
  } catch (problem) {
    if (!(problem instanceof CelProblem)) throw problem
    return { ok: false, reason: problem.message }
  }
}

/** `{ 'data.rows': 3, 'latency.p99': 1 }` → `{ data: { rows: 3 }, latency: { p99: 1 } }`. */
export const nestedNames = (flat: Readonly<Record<string, number>>): JsonObject => {
  const nested: Record<string, Json> = {}
  for (const [name, value] of Object.entries(flat)) {
    const at = name.indexOf('.')
    if (at < 0) continue
    const [outer, inner] = [name.slice(0, at), name.slice(at + 1)]
    const before = nested[outer]
    nested[outer] = { ...(isJsonObject(before) ? before : {}), [inner]: value }
  }
  return nested
}

/** Why a text is no expression over `previous`, the parameter's value in the run before. */
export const retrainExpressionFault = (expression: string): string | undefined => {
  const parsed = problemOf(() => parseCel(retrainEnvironment, expression))
  if (typeof parsed === 'string') return `expected an expression such as previous * 2: ${parsed}`
  for (const node of expressionNodes(parsed.ast))
    if (node.op === 'id' && node.args !== 'previous') return `unknown name ${node.args}: only previous is known here`
  return undefined
}

export const evaluateRetrain = (
  expression: string,
  previous: Json,
): { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string } => {
  try {
    const value = jsonValue(parseCel(retrainEnvironment, expression).evaluate({ previous: celValue(previous) }))
    return value === undefined ? { ok: false, reason: 'it gives nothing that a parameter can be' } : { ok: true, value }
  } catch (problem) {
    if (!(problem instanceof CelProblem)) throw problem
    return { ok: false, reason: problem.message }
  }
}
