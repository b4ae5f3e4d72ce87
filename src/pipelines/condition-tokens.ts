/** A piece of a condition. */
export type Token =
  | { readonly kind: 'string'; readonly value: string; readonly at: number }
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'name'; readonly value: string; readonly at: number }
  | { readonly kind: 'sign'; readonly value: string; readonly at: number }
  | { readonly kind: 'end'; readonly value: ''; readonly at: number }

/** What is wrong with a condition, and where in its text. */
export class ConditionProblem extends Error {
  override readonly name = 'ConditionProblem'
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
}

const readEscape = (text: string, at: number): { readonly value: string; readonly length: number } => {
  const hex = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(text.slice(at, at + 10))
  if (hex !== null) {
    const point = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16)
    if (point <= 0x10ffff) return { value: String.fromCodePoint(point), length: hex[0].length }
  }
  const octal = /^\\([0-3][0-7]{2})/.exec(text.slice(at, at + 4))
  if (octal !== null) return { value: String.fromCodePoint(Number.parseInt(octal[1] ?? '', 8)), length: 4 }
  const simple = escapes[text[at + 1] ?? '']
  if (simple === undefined)
    throw new ConditionProblem(`unknown escape "${text.slice(at, at + 2)}" at character ${at + 1}`)
  return { value: simple, length: 2 }
}

type ReadString = (text: string, at: number) => { readonly value: string; readonly length: number }

const readString: ReadString = (text, at) => {
  const quote = text[at]
  let value = ''
  for (let i = at + 1; i < text.length; ) {
    if (text[i] === quote) return { value, length: i + 1 - at }
    if (text[i] === '\\') {
      const read = readEscape(text, i)
      value += read.value
      i += read.length
    } else {
      value += text[i]
      i++
    }
  }
  throw new ConditionProblem(`the text that begins at character ${at + 1} has no end`)
}

// kfp writes the compared text between quotes as it is, quotes and backslashes included. Such a text ends at the first
// quote after which the condition could go on.
const readRawString: ReadString = (text, at) => {
  const quote = text[at] ?? "'"
  for (let i = text.indexOf(quote, at + 1); i !== -1; i = text.indexOf(quote, i + 1)) {
    if (/^\s*(?:$|\)|\]|,|&&|\|\||[=!<>]=|[<>])/.test(text.slice(i + 1, i + 200))) {
      return { value: text.slice(at + 1, i), length: i + 1 - at }
    }
  }
  throw new ConditionProblem(`the text that begins at character ${at + 1} has no end`)
}

const numberPattern = /(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?/y
const namePattern = /[A-Za-z_]\w*/y
const signPattern = /&&|\|\||==|!=|<=|>=|[<>!()[\].,-]/y

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/**
 * The tokens of a condition. `raw` reads texts as kfp writes them (no escapes, quotes inside) and not as CEL does.
 * Throws ConditionProblem.
 */
export const conditionTokens = (text: string, raw: boolean): readonly Token[] => {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; ) {
    const char = text[at] ?? ''
    if (/\s/.test(char)) {
      at++
      continue
    }
    if (char === "'" || char === '"') {
      const { value, length } = (raw ? readRawString : readString)(text, at)
      tokens.push({ kind: 'string', value, at })
      at += length
      continue
    }
    const number =
      /[\d.]/.test(char) && (char !== '.' || /\d/.test(text[at + 1] ?? ''))
        ? matchAt(numberPattern, text, at)
        : undefined
    const name = number === undefined ? matchAt(namePattern, text, at) : undefined
    const sign = number ?? name ?? matchAt(signPattern, text, at)
    if (sign === undefined) throw new ConditionProblem(`unexpected "${char}" at character ${at + 1}`)
    if (number !== undefined) tokens.push({ kind: 'number', value: Number(number), at })
    else tokens.push({ kind: name === undefined ? 'sign' : 'name', value: sign, at })
    at += sign.length
  }
  tokens.push({ kind: 'end', value: '', at: text.length })
  return tokens
}
