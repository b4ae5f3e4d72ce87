import type { Json } from '../domain/json.ts'
import { ConditionProblem, conditionTokens, type Token } from './condition-tokens.ts'

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='

/** A parsed condition: the part of CEL that pipelines use. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expression; readonly key: string | number; readonly dotted: boolean }
  | { readonly kind: 'call'; readonly name: string; readonly argument: Expression }
  | { readonly kind: 'not' | 'negative'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly sign: Comparison; readonly left: Expression; readonly right: Expression }

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>='])
const literals: Readonly<Record<string, Json>> = { true: true, false: false, null: null }
const deepest = 200

const parseTokens = (tokens: readonly Token[]): Expression => {
  let next = 0
  let depth = 0
  const peek = (): Token => tokens[next] ?? { kind: 'end', value: '', at: 0 }
  const isSign = (value: string): boolean => peek().kind === 'sign' && peek().value === value
  const unexpected = (wanted: string): ConditionProblem => {
    const token = peek()
    const found = token.kind === 'end' ? 'the end' : `"${token.value}" at character ${token.at + 1}`
    return new ConditionProblem(`expected ${wanted}, found ${found}`)
  }
  const take = (value: string): void => {
    if (!isSign(value)) throw unexpected(`"${value}"`)
    next++
  }

  const or = (): Expression => {
    if (++depth > deepest) throw new ConditionProblem('it is nested too deeply')
    let left = and()
    while (isSign('||')) {
      next++
      left = { kind: 'or', left, right: and() }
    }
    depth--
    return left
  }
  const and = (): Expression => {
    let left = comparison()
    while (isSign('&&')) {
      next++
      left = { kind: 'and', left, right: comparison() }
    }
    return left
  }
  const comparison = (): Expression => {
    const left = unary()
    const token = peek()
    if (token.kind !== 'sign' || !comparisons.has(token.value)) return left
    next++
    return { kind: 'compare', sign: token.value as Comparison, left, right: unary() }
  }
  const unary = (): Expression => {
    if (isSign('!') || isSign('-')) {
      if (++depth > deepest) throw new ConditionProblem('it is nested too deeply')
      const kind = isSign('!') ? 'not' : 'negative'
      next++
      const of = unary()
      depth--
      return { kind, of }
    }
    return members(primary())
  }
  const members = (start: Expression): Expression => {
    let of = start
    for (;;) {
      if (isSign('.')) {
        next++
        const token = peek()
        if (token.kind !== 'name') throw unexpected('a name')
        next++
        of = { kind: 'member', of, key: token.value, dotted: true }
      } else if (isSign('[')) {
        next++
        const token = peek()
        if (token.kind !== 'string' && token.kind !== 'number') throw unexpected('a quoted name or an index')
        next++
        take(']')
        of = { kind: 'member', of, key: token.value, dotted: false }
      } else return of
    }
  }
  const primary = (): Expression => {
    const token = peek()
    if (token.kind === 'string' || token.kind === 'number') {
      next++
      return { kind: 'literal', value: token.value }
    }
    if (isSign('(')) {
      next++
      const inner = or()
      take(')')
      return inner
    }
    if (token.kind !== 'name') throw unexpected('a value')
    next++
    if (Object.hasOwn(literals, token.value)) return { kind: 'literal', value: literals[token.value] ?? null }
    if (!isSign('(')) return { kind: 'name', name: token.value }
    next++
    const argument = or()
    take(')')
    return { kind: 'call', name: token.value, argument }
  }

  const whole = or()
  if (peek().kind !== 'end') throw unexpected('an operator or the end')
  return whole
}

/**
 * Parses a condition. It is read as CEL first; where that fails, texts are read the way kfp writes them, with quotes and
 * backslashes unescaped. Throws ConditionProblem with what CEL says.
 */
export const parseCondition = (text: string): Expression => {
  try {
    return parseTokens(conditionTokens(text, false))
  } catch (problem) {
    if (!(problem instanceof ConditionProblem)) throw problem
    try {
      return parseTokens(conditionTokens(text, true))
    } catch {
      throw problem
    }
  }
}
