import { type AnyNode, parseExpressionAt } from 'acorn'
import { messageOf } from '../../domain/errors.ts'
import { type CallSite, misuse } from './call-site.ts'
import { freeIdentifiers } from './free-identifiers.ts'

/** What there is in a Node process without any import. */
const globals: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  'undefined',
  'NaN',
  'Infinity',
])

const parse = (text: string): AnyNode | undefined => {
  try {
    const node = parseExpressionAt(text, 0, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      locations: true,
      allowAwaitOutsideFunction: true,
    })
    return text.slice(node.end).trim() === '' ? node : undefined
  } catch {
    return undefined
  }
}

/** `run({a}) {…}` in an object literal is no expression; with the word before it, it is. */
const forms = (text: string): readonly string[] => {
  const method = /^(async\s+)?(\*?\s*)[\w$]+\s*(?=\()/.exec(text)
  return method === null ? [text] : [text, text.replace(method[0], `${method[1] ?? ''}function ${method[2] ?? ''}`)]
}

/**
 * A function as an expression that can stand in another file. Throws Fault `pipeline_invalid` where it uses a name of the
 * file that it comes from, since that stays behind.
 */
export const functionSource = (run: (...values: never[]) => unknown, what: string, site: CallSite): string => {
  const text = Function.prototype.toString.call(run)
  if (/\{\s*\[native code\]\s*\}$/.test(text))
    throw misuse(`${what}: its function has no source (it is bound or native)`, site)
  const source = forms(text).find((form) => parse(form) !== undefined)
  if (source === undefined) {
    const reason = ((): string => {
      try {
        return String(parseExpressionAt(text, 0, { ecmaVersion: 'latest', sourceType: 'module' }).type)
      } catch (error) {
        return messageOf(error)
      }
    })()
    throw misuse(`${what}: the source of its function cannot be read (${reason})`, site)
  }
  const [free] = freeIdentifiers(parse(source) as AnyNode, globals)
  if (free === undefined) return source
  const line = source.split('\n')[free.line - 1]?.trim() ?? ''
  throw misuse(
    `${what}: its function uses "${free.name}" (line ${free.line} of the function: ${line}), which it does not have when it runs alone`,
    site,
    'Give it as an input, declare it within the function, or import it there: await import(…).',
  )
}

/** A function of ours, which is known to stand alone: without the room that stripped types leave. */
export const ownSource = (run: (...values: never[]) => unknown): string =>
  Function.prototype.toString
    .call(run)
    .replace(/(\S) +/g, '$1 ')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n')
