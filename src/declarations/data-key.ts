import { RE2JS } from 're2js'

// Patterns come from repositories: RE2 follows all ways at once, so none of them makes it slow (docs/adr/0011).

const longestPattern = 200
/** A key is a part of an address, and a column with an index. */
const longestKey = 500

/** Why a text is no expression of a key; undefined where it is one. */
export const dataKeyFault = (pattern: string): string | undefined => {
  if (pattern.length > longestPattern) return `expected at most ${longestPattern} characters, got ${pattern.length}`
  const compiled = compile(pattern)
  if (typeof compiled === 'string') return `expected a regular expression, got ${JSON.stringify(pattern)}: ${compiled}`
  if (compiled.groupCount() === 0)
    return `expected a group, such as incoming/(\\d{4}-\\d{2}-\\d{2})/: what it finds is the key`
  return undefined
}

/**
 * The key of an address: what the groups of the expression find in it, joined by `/`. Undefined where it finds nothing,
 * an empty key, or one that is too long.
 */
export const dataKey = (pattern: string, uri: string): string | undefined => {
  const compiled = compile(pattern)
  if (typeof compiled === 'string') return undefined
  const matcher = compiled.matcher(uri)
  if (!matcher.find()) return undefined
  const groups = Array.from({ length: matcher.groupCount() }, (_, i) => matcher.group(i + 1) ?? '')
  const key = groups.join('/')
  return groups.every((group) => group === '') || key.length > longestKey ? undefined : key
}

const compile = (pattern: string): RE2JS | string => {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error)
  }
}
