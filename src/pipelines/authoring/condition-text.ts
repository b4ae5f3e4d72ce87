import type { Comparison, Given, Source } from './program.ts'
import type { ValueType } from './types.ts'

/** A string literal of CEL. */
const quoted = (text: string): string =>
  `'${text
    .replace(/[\\']/g, (character) => `\\${character}`)
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')}'`

type Kind = ValueType['kind']

const literalKind = (value: unknown, other: Kind): Kind => {
  if (typeof value === 'string') return 'STRING'
  if (typeof value === 'boolean') return 'BOOLEAN'
  return Number.isInteger(value) && other !== 'NUMBER_DOUBLE' ? 'NUMBER_INTEGER' : 'NUMBER_DOUBLE'
}

const literalText = (value: unknown, kind: Kind): string => {
  if (typeof value === 'string') return quoted(value)
  return kind === 'NUMBER_DOUBLE' && Number.isInteger(value) ? `${value}.0` : String(value)
}

type Operand = { readonly kind: Kind; readonly text: string }

/** `channel` names the group's input under which a source is read. */
const operand = (given: Given, other: Kind, channel: (source: Source) => string): Operand => {
  if ('literal' in given) {
    const kind = literalKind(given.literal, other)
    return { kind, text: literalText(given.literal, kind) }
  }
  const { kind } = given.source.type
  const value = `inputs.parameter_values['${channel(given.source)}']`
  return { kind, text: kind === 'NUMBER_INTEGER' ? `int(${value})` : value }
}

const kindOf = (given: Given): Kind => ('source' in given ? given.source.type.kind : 'STRING')

const comparisonText = (
  { left, operator, right, negated }: Comparison,
  channel: (source: Source) => string,
): string => {
  const sides = [operand(left, kindOf(right), channel), operand(right, kindOf(left), channel)]
  // An int and a double are not compared by CEL.
  const mixed = new Set(sides.map(({ kind }) => kind)).size > 1
  const [first, second] = sides.map(({ kind, text }) => (mixed && kind === 'NUMBER_INTEGER' ? `double(${text})` : text))
  const whole = `${first} ${operator} ${second}`
  return negated ? `!(${whole})` : whole
}

/** The trigger condition of a group: all of the comparisons, in CEL. */
export const conditionText = (conditions: readonly Comparison[], channel: (source: Source) => string): string =>
  conditions.map((one) => comparisonText(one, channel)).join(' && ')
