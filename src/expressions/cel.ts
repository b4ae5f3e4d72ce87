import { type ASTNode, Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import type { Json } from '../domain/json.ts'
import { celValue } from './cel-values.ts'

/** What is wrong with an expression, and where in its text (characters counted from one). */
export class CelProblem extends Error {
  override readonly name = 'CelProblem'
}

export interface CelExpression {
  readonly ast: ASTNode
  /** Throws CelProblem. */
  readonly evaluate: (variables: Readonly<Record<string, unknown>>) => unknown
}

// An expression is small; what is larger was made to hurt.
const longest = 20_000

/** A value that is parsed already is taken as it is. */
const parseJson = (value: unknown): unknown => {
  try {
    return typeof value === 'string' ? celValue(JSON.parse(value) as Json) : value
  } catch {
    throw new EvaluationError('parseJson() needs JSON')
  }
}

// KFP compares an int with a double by value and knows parseJson() beside what CEL has.
export const celEnvironment = (): Environment =>
  new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 5000, maxDepth: 250, maxListElements: 1000, maxMapEntries: 1000, maxCallArguments: 32 },
  })
    .registerOperator('int == double', (left: bigint, right: number) => Number(left) === right)
    .registerFunction('parseJson(dyn): dyn', parseJson)

/** Every node of an expression, each before the nodes inside it. */
export const expressionNodes = function* (node: ASTNode): Generator<ASTNode> {
  yield node
  const inside = function* (part: unknown): Generator<ASTNode> {
    if (Array.isArray(part)) for (const item of part) yield* inside(item)
    else if (part !== null && typeof part === 'object' && 'op' in part) yield* expressionNodes(part as ASTNode)
  }
  yield* inside(node.args)
}

const loops: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
const isLoop = (node: ASTNode): boolean => node.op === 'rcall' && loops.has(node.args[0])

/** What could take for ever: a regular expression that backtracks, a loop in a loop, a text that doubles itself. */
const refuseEndless = (ast: ASTNode): void => {
  for (const node of expressionNodes(ast)) {
    if (node.op !== 'rcall') continue
    const [method, , parts] = node.args
    if (method === 'matches') throw new CelProblem('matches() is not run here; use contains() or startsWith()')
    if (method === 'bind') throw new CelProblem('cel.bind() is not run here; write the value where it is used')
    if (isLoop(node) && parts.some((part) => [...expressionNodes(part)].some(isLoop)))
      throw new CelProblem(`a loop in a loop is not run here: ${method}()`)
  }
}

/** A text on one line, cut to a length. */
export const oneLine = (text: string, most: number): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 3)}...` : line
}

const located = (error: ParseError | EvaluationError, text: string, origin: (at: number) => number): CelProblem => {
  const start = origin(error.range?.start ?? 0)
  const piece = oneLine(text.slice(start, origin(error.range?.end ?? start)), 80)
  const advice = error.code === 'no_such_overload' ? ' (int(), double() and string() convert)' : ''
  const summary = oneLine(error.summary.replace(/\bdyn<(\w+)>/g, '$1'), 200)
  const where = piece === '' ? '' : `: ${piece}`
  return new CelProblem(`${summary}${advice}, at character ${start + 1}${where}`, { cause: error })
}

/**
 * Parses CEL. Where it was made out of another text, `given`, `origin` leads from a place in it to the place there.
 * Throws CelProblem.
 */
export const parseCel = (
  environment: Environment,
  text: string,
  given: string = text,
  origin: (at: number) => number = (at) => at,
): CelExpression => {
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw error instanceof ParseError || error instanceof EvaluationError ? located(error, given, origin) : error
    }
  }
  if (text.length > longest) throw new CelProblem(`it is longer than ${longest} characters`)
  const parsed = guarded(() => environment.parse(text))
  refuseEndless(parsed.ast)
  return { ast: parsed.ast, evaluate: (variables) => guarded(() => parsed({ ...variables }) as unknown) }
}
