import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { statusError } from '../status.ts'

export type Predicate = (resource: JsonObject) => boolean

/**
 * The filters that Vertex AI's lists take, after AIP-160: comparisons (`= != < <= > >= :`) of fields
 * (`display_name`, `labels.key`, `state`, `create_time`), joined by AND, OR, NOT and parentheses. `*` in a quoted
 * value matches anything, `field:*` asks whether the field is there. A fault is INVALID_ARGUMENT.
 */
export const parseFilter = (text: string, fields: ReadonlySet<string>): Predicate => {
  if (text.trim() === '') return () => true
  const tokens = tokenise(text)
  let at = 0
  const fail = (why: string): Error => statusError('INVALID_ARGUMENT', `The filter ${JSON.stringify(text)} ${why}`)
  const takes = (word: string): boolean => {
    const token = tokens[at]
    if (token?.quoted || token?.text !== word) return false
    at += 1
    return true
  }

  const either = (): Predicate => {
    const terms = [both()]
    while (takes('OR')) terms.push(both())
    return (resource) => terms.some((term) => term(resource))
  }
  const both = (): Predicate => {
    const terms = [single()]
    while (takes('AND') || (at < tokens.length && !['OR', ')'].includes(tokens[at]?.text ?? ''))) terms.push(single())
    return (resource) => terms.every((term) => term(resource))
  }
  const single = (): Predicate => {
    if (takes('NOT') || takes('-')) {
      const inner = single()
      return (resource) => !inner(resource)
    }
    if (takes('(')) {
      const inner = either()
      if (!takes(')')) throw fail('has no closing parenthesis')
      return inner
    }
    return comparison()
  }
  const comparison = (): Predicate => {
    const [field, operator, value] = [tokens[at], tokens[at + 1], tokens[at + 2]]
    if (!field || field.quoted || !operator || !operators.has(operator.text) || !value)
      throw fail(`is not understood at ${JSON.stringify(field?.text ?? 'its end')}: write FIELD="VALUE"`)
    at += 3
    const path = pathOf(field.text)
    if (!fields.has(path[0] ?? '')) throw fail(`names the field ${field.text}, which cannot be filtered by here`)
    return (resource) => compare(read(resource, path), operator.text, value)
  }

  const predicate = either()
  if (at < tokens.length) throw fail(`is not understood at ${JSON.stringify(tokens[at]?.text)}`)
  return predicate
}

interface Token {
  readonly text: string
  readonly quoted: boolean
}

const operators: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=', ':'])

const tokenise = (text: string): readonly Token[] =>
  [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|<=|>=|[=<>:()])|([^\s"'=<>:()!]+)|(\S)/g)].map(
    ([, double, single, operator, word, other]) => {
      const quoted = double ?? single
      if (quoted !== undefined) return { text: quoted.replace(/\\(.)/g, '$1'), quoted: true }
      return { text: operator ?? word ?? other ?? '', quoted: false }
    },
  )

/** `display_name` → `displayName`; the keys of labels stay as they are. */
const pathOf = (field: string): readonly string[] => {
  const [first = '', ...rest] = field.split('.')
  return rest.length === 0 ? [camel(first)] : [camel(first), rest.join('.')]
}

export const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const read = (resource: JsonObject, path: readonly string[]): Json | undefined => {
  let value: Json | undefined = resource
  for (const key of path) value = isJsonObject(value) ? value[key] : undefined
  return value
}

const compare = (value: Json | undefined, operator: string, { text, quoted }: Token): boolean => {
  if (operator === ':' && text === '*' && !quoted) return value !== undefined && value !== ''
  if (Array.isArray(value)) return operator === '!=' ? !value.includes(text) : value.includes(text)
  if (isJsonObject(value) && value.seconds === undefined) return operator === ':' && Object.hasOwn(value, text)
  const order = orderOf(value, text)
  switch (operator) {
    case '=':
      return matches(value, text)
    case '!=':
      return !matches(value, text)
    case ':':
      return typeof value === 'string' ? value.includes(text) : order === 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    default:
      return order >= 0
  }
}

const matches = (value: Json | undefined, text: string): boolean => {
  if (typeof value !== 'string' || !text.includes('*')) return orderOf(value ?? '', text) === 0
  const expression = text.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${expression.join('.*')}$`).test(value)
}

/** NaN, which no comparison accepts, where the two cannot be compared. */
const orderOf = (value: Json | undefined, text: string): number => {
  if (typeof value === 'number') return value - Number(text)
  if (typeof value === 'string') return value < text ? -1 : value > text ? 1 : 0
  if (typeof value === 'boolean') return String(value) === text.toLowerCase() ? 0 : Number.NaN
  return isJsonObject(value) ? millisecondsOf(value) - Date.parse(text) : Number.NaN
}

export const millisecondsOf = (timestamp: JsonObject): number =>
  Number(timestamp.seconds ?? 0) * 1_000 + Number(timestamp.nanos ?? 0) / 1e6
