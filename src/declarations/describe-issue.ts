import type * as z from 'zod'
import { nearestName } from '../domain/nearest-name.ts'

/** What zod calls a type, as people call it. */
const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
}

const longestShown = 60

/** What stands at a place, short enough for one line. */
export const describeValue = (value: unknown): string => {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}

/** `, did you mean X?`, or nothing where no known name is near. */
export const didYouMean = (name: string, known: readonly string[]): string => {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `, did you mean ${nearest}?`
}

/** What was expected and what stood there, for one issue that zod raised. `input` is what stood there. */
export const describeIssue = (issue: z.core.$ZodIssue, input: unknown): string => {
  if (issue.code === 'custom') return issue.message
  const expected = expectation(issue)
  if (input === undefined) return `missing, expected ${expected}`
  const hint =
    issue.code === 'invalid_value' && typeof input === 'string' ? didYouMean(input, issue.values.map(String)) : ''
  return `expected ${expected}, got ${describeValue(input)}${hint}`
}

const expectation = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected
    case 'invalid_value': {
      const values = issue.values.map((value) => String(value))
      return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`
    }
    case 'too_small':
      return atBound('at least', issue.origin, issue.minimum, issue.inclusive ?? true, 'more than')
    case 'too_big':
      return atBound('at most', issue.origin, issue.maximum, issue.inclusive ?? true, 'less than')
    case 'invalid_union': {
      // Where the union says nothing itself, each of its kinds does.
      const kinds = issue.errors.flatMap(([first]) => (first === undefined ? [] : [expectation(first)]))
      return issue.message !== 'Invalid input' || kinds.length === 0 ? issue.message : [...new Set(kinds)].join(', or ')
    }
    default:
      return issue.message
  }
}

const atBound = (
  word: string,
  origin: string,
  bound: number | bigint,
  inclusive: boolean,
  exclusiveWord: string,
): string => {
  const unit = origin === 'string' ? ' characters' : origin === 'array' || origin === 'record' ? ' entries' : ''
  if (unit !== '' && word === 'at least' && Number(bound) === 1)
    return origin === 'string' ? 'a text that is not empty' : 'at least one entry'
  return `${inclusive ? word : exclusiveWord} ${bound}${unit}`
}
