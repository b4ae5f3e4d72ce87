import { misuse } from './call-site.ts'
import { fitsLiteral, typeWords } from './check-given.ts'
import type { Argument } from './component.ts'
import type { Comparison, Given } from './program.ts'
import { givenOf, sourceOf } from './references.ts'
import type { BooleanType, DoubleType, IntegerType, Parameter, StringType, ValueType } from './types.ts'

/** What If and Elif ask. */
export interface Condition {
  readonly comparison: Comparison
}

type Comparable = StringType | IntegerType | DoubleType | BooleanType
type Ordered = IntegerType | DoubleType
/** Two kinds of numbers can be compared with each other, and nothing else of two kinds. */
type Other<Type> = Type extends Ordered ? number | Parameter<Ordered> : Argument<Type>

const comparables: readonly ValueType['kind'][] = ['STRING', 'NUMBER_INTEGER', 'NUMBER_DOUBLE', 'BOOLEAN']
const numbers: readonly ValueType['kind'][] = ['NUMBER_INTEGER', 'NUMBER_DOUBLE']

const requireComparable = (left: ValueType, right: Given): void => {
  if ('literal' in right) {
    const wanted: ValueType = numbers.includes(left.kind) ? { kind: 'NUMBER_DOUBLE' } : left
    if (!fitsLiteral(right.literal, wanted))
      throw misuse(`${typeWords(left)} cannot be compared with ${JSON.stringify(right.literal)}`)
    return
  }
  const { type } = right.source
  if (!comparables.includes(type.kind)) throw misuse(`${typeWords(type)} cannot be compared`)
  if (type.kind !== left.kind && !(numbers.includes(type.kind) && numbers.includes(left.kind)))
    throw misuse(`${typeWords(left)} cannot be compared with ${typeWords(type)}`)
}

const comparison =
  <Allowed>(operator: Comparison['operator']) =>
  <Type extends Allowed>(left: Parameter<Type>, right: Other<Type>): Condition => {
    const source = sourceOf(left)
    if (source === undefined) throw misuse('a condition compares an input or an output; this one is known beforehand')
    if (!comparables.includes(source.type.kind)) throw misuse(`${typeWords(source.type)} cannot be compared`)
    for (const side of [left, right])
      if (sourceOf(side)?.kind === 'text') throw misuse('a text`…` cannot be compared: let a task put it together')
    const given = givenOf(right)
    requireComparable(source.type, given)
    return { comparison: { left: { source }, operator, right: given, negated: false } }
  }

export const eq = comparison<Comparable>('==')
export const ne = comparison<Comparable>('!=')
export const lt = comparison<Ordered>('<')
export const le = comparison<Ordered>('<=')
export const gt = comparison<Ordered>('>')
export const ge = comparison<Ordered>('>=')
