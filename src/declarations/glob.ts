/** Longer patterns are refused: matching costs the length of the pattern times that of the text. */
const longestPattern = 500

interface CharacterToken {
  readonly kind: 'character'
  readonly accepts: (character: string) => boolean
  /** `?` makes it optional, `+` lets it come again. */
  readonly optional: boolean
  readonly repeats: boolean
}

type Token =
  | CharacterToken
  /** `*`: anything but a slash. */
  | { readonly kind: 'star' }
  /** `**`: anything. */
  | { readonly kind: 'anything' }
  /** `**` and a slash: any number of whole folders, none too. */
  | { readonly kind: 'folders' }

type Parsed = { readonly ok: true; readonly tokens: readonly Token[] } | { readonly ok: false; readonly reason: string }

/** Why a pattern is none, or undefined where it is one. A leading `!` is part of a list's syntax, see `matchesAny`. */
export const globFault = (pattern: string): string | undefined => {
  const parsed = parseGlob(pattern.startsWith('!') ? pattern.slice(1) : pattern)
  return parsed.ok ? undefined : parsed.reason
}

/**
 * Whether a branch or a path matches a pattern, whole and case-sensitively, as GitHub Actions' filters do: `*` anything
 * but a slash, `**` anything, `?` the character before it or not, `+` that character once or more, `[a-z]` one of,
 * `\` takes the next character as it is. All states are followed at once, so no pattern makes it slow.
 * A pattern that is none matches nothing.
 */
export const matchesGlob = (pattern: string, text: string): boolean => globMatcher(pattern)(text)

/** `matchesGlob` for many texts: the pattern is read once. */
export const globMatcher = (pattern: string): ((text: string) => boolean) => {
  const parsed = parseGlob(pattern)
  if (!parsed.ok) return () => false
  const { tokens } = parsed
  const start = reach(tokens, [0])
  return (text) => {
    let states = start
    for (const character of text) {
      const next: number[] = []
      for (const state of states) next.push(...step(tokens, state, character))
      states = reach(tokens, next)
      if (states.size === 0) return false
    }
    return states.has(2 * tokens.length)
  }
}

/**
 * Whether a list of patterns takes a text: each pattern that matches decides anew, one with `!` against it, so the last
 * one that matches wins.
 */
export const matchesAny = (patterns: readonly string[], text: string): boolean => {
  let taken = false
  for (const pattern of patterns) {
    const excludes = pattern.startsWith('!')
    if (excludes !== taken) continue
    if (matchesGlob(excludes ? pattern.slice(1) : pattern, text)) taken = !excludes
  }
  return taken
}

/** What every text that a pattern matches begins with. */
export const literalStart = (pattern: string): string => {
  const special = pattern.search(/[*?+[\\]/)
  if (special < 0) return pattern
  // What comes before ? may be missing.
  return pattern.slice(0, pattern[special] === '?' ? Math.max(0, special - 1) : special)
}

// State 2i stands before token i, state 2i + 1 inside it (only `folders` has an inside: the middle of a folder's name).

const step = (tokens: readonly Token[], state: number, character: string): readonly number[] => {
  const index = state >> 1
  const token = tokens[index]
  if (token === undefined) return []
  switch (token.kind) {
    case 'anything':
      return [state]
    case 'star':
      return character === '/' ? [] : [state]
    case 'folders':
      return character === '/' ? (state % 2 === 1 ? [2 * index] : []) : [2 * index + 1]
    case 'character':
      if (!token.accepts(character)) return []
      return token.repeats ? [state, state + 2] : [state + 2]
  }
}

/** The states and those that follow without a character. A repeated character's own state is left to `step`. */
const reach = (tokens: readonly Token[], from: readonly number[]): ReadonlySet<number> => {
  const states = new Set<number>()
  const open = [...from]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (states.has(state)) continue
    states.add(state)
    const token = tokens[state >> 1]
    if (token === undefined || state % 2 === 1) continue
    if (token.kind !== 'character' || token.optional) open.push(state + 2)
  }
  return states
}

const parseGlob = (pattern: string): Parsed => {
  if (pattern === '') return { ok: false, reason: 'the pattern is empty' }
  if (pattern.length > longestPattern) return { ok: false, reason: `the pattern is longer than ${longestPattern}` }
  const characters = [...pattern]
  const tokens: Token[] = []
  let i = 0
  const literal = (character: string): void => {
    tokens.push({ kind: 'character', accepts: (c) => c === character, optional: false, repeats: false })
  }
  while (i < characters.length) {
    const character = characters[i] as string
    if (character === '*') {
      const atStart = i === 0 || characters[i - 1] === '/'
      let stars = 0
      while (characters[i] === '*') {
        stars++
        i++
      }
      if (stars > 1 && atStart && characters[i] === '/') {
        tokens.push({ kind: 'folders' })
        i++
      } else tokens.push({ kind: stars > 1 ? 'anything' : 'star' })
      continue
    }
    if (character === '?' || character === '+') {
      const before = tokens.at(-1)
      if (before?.kind !== 'character' || before.optional || before.repeats)
        return { ok: false, reason: `${character} follows no character that it could be about` }
      tokens[tokens.length - 1] = character === '?' ? { ...before, optional: true } : { ...before, repeats: true }
      i++
      continue
    }
    if (character === '[') {
      const end = characters.indexOf(']', i + 1)
      const accepts = end < 0 ? undefined : characterClass(characters.slice(i + 1, end))
      if (accepts === undefined) return { ok: false, reason: 'after [ come characters or ranges, and a ]' }
      tokens.push({ kind: 'character', accepts, optional: false, repeats: false })
      i = end + 1
      continue
    }
    if (character === '\\') {
      const next = characters[i + 1]
      if (next === undefined) return { ok: false, reason: 'a \\ stands at its end' }
      literal(next)
      i += 2
      continue
    }
    literal(character)
    i++
  }
  return { ok: true, tokens }
}

const characterClass = (inside: readonly string[]): ((character: string) => boolean) | undefined => {
  if (inside.length === 0) return undefined
  const ranges: (readonly [string, string])[] = []
  for (let i = 0; i < inside.length; i++) {
    const from = inside[i] as string
    const to = inside[i + 1] === '-' ? inside[i + 2] : undefined
    if (to === undefined) {
      ranges.push([from, from])
      continue
    }
    if (to < from) return undefined
    ranges.push([from, to])
    i += 2
  }
  return (character) => ranges.some(([from, to]) => character >= from && character <= to)
}
