/** Hosts' bodies nest some ten deep; what nests far deeper was made to hurt whoever walks through it. */
const deepest = 64

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export type JsonBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'noJson' | 'tooDeep' }

/** The body as JSON, unless it nests deeper than any host's. The depth is counted in the text, before anything is built. */
export const parseJsonBody = (bytes: Uint8Array): JsonBody => {
  const text = decoder.decode(bytes)
  if (opensMoreThan(text, deepest) && nestsDeeperThan(text, deepest)) return { ok: false, reason: 'tooDeep' }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false, reason: 'noJson' }
  }
}

const quote = 0x22
const backslash = 0x5c

/** What opens so few objects and lists, in strings or not, nests no deeper: of most bodies no more is looked at. */
const opensMoreThan = (text: string, limit: number): boolean => {
  let opened = 0
  for (const bracket of ['{', '['])
    for (let i = text.indexOf(bracket); i >= 0; i = text.indexOf(bracket, i + 1)) {
      opened++
      if (opened > limit) return true
    }
  return false
}

/** Any other webhook is walked through, so its strings are leapt over, and any other letter costs a comparison or two. */
const nestsDeeperThan = (text: string, limit: number): boolean => {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const letter = text.charCodeAt(i)
    if (letter === quote) {
      i = endOfString(text, i)
      if (i < 0) return false
    }
    // With this bit set, `[` is `{` and `]` is `}`.
    else if ((letter | 0x20) === 0x7b) {
      depth++
      if (depth > limit) return true
    } else if ((letter | 0x20) === 0x7d) depth--
  }
  return false
}

/** Where the quote is that ends the string that begins at `start`; -1 where none does. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return end
  }
  return -1
}
