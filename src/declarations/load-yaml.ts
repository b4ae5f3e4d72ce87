import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import type * as z from 'zod'
import { describeIssue, didYouMean } from './describe-issue.ts'
import { type DocumentPath, formatPath, type PlacedFault, sortFaults } from './placed-fault.ts'

/** A declaration is written by hand: more than this is a mistake or an attack. */
const largestText = 1_000_000
/** A thousand gates have some 10,000. */
const mostKeys = 12_000
/** Of lists, all together. */
const mostEntries = 20_000
/** Marks, texts, spaces, comments: each of the keys above takes some eight. */
const mostLexemes = 250_000
const deepestNesting = 40
const mostFaults = 200
/** How many nodes aliases may stand for in all (`yaml` counts them), against documents that explode. */
const mostAliased = 100

/** Makes a fault at a path of the document: at its key where `at` is `key`, else at its value. */
export type Place = (path: DocumentPath, message: string, at?: 'key' | 'value') => PlacedFault

export type Loaded<T> =
  | { readonly ok: true; readonly value: T; readonly place: Place }
  | { readonly ok: false; readonly faults: readonly PlacedFault[] }

/**
 * Reads one YAML 1.2 document and checks it by a schema. Never throws: a text that is no YAML, that is too large, that
 * nests or multiplies itself without end, or that the schema refuses gives every fault with its place.
 * A custom issue of the schema with `params: {at: 'key'}` is placed at the key instead of the value.
 */
export const loadYaml = <T>(text: string, file: string, schema: z.ZodType<T>): Loaded<T> => {
  const top = (message: string): Loaded<T> => ({
    ok: false,
    faults: [{ file, line: 1, column: 1, path: '', message }],
  })
  const bytes = Buffer.byteLength(text)
  if (bytes > largestText) return top(`expected at most ${largestText} bytes, got ${bytes}`)
  const tooMuch = tooMuchOf(text)
  if (tooMuch !== undefined) return top(`expected at most ${tooMuch}, got more`)
  try {
    return readDocument(text, file, schema)
  } catch (error) {
    // The parser recurses into nested collections: RangeError is the call stack's end.
    if (error instanceof RangeError) return top(`expected at most ${deepestNesting} levels, got more`)
    if (error instanceof ReferenceError) return top('its aliases stand for too much, or for themselves')
    return top(`cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Lexing is fast and stops as soon as it is too much; making a tree of it is not. */
const tooMuchOf = (text: string): string | undefined => {
  let keys = 0
  let entries = 0
  let lexemes = 0
  let levels = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > mostLexemes) return `${mostLexemes} marks and texts`
    if ((lexeme === ',' || lexeme === '-') && ++entries > mostEntries) return `${mostEntries} entries`
    if ((lexeme === ':' || lexeme === '?') && ++keys > mostKeys) return `${mostKeys} keys`
    if ((lexeme === '[' || lexeme === '{') && ++levels > deepestNesting) return `${deepestNesting} levels`
    if (lexeme === ']' || lexeme === '}') levels -= 1
  }
  return undefined
}

const readDocument = <T>(text: string, file: string, schema: z.ZodType<T>): Loaded<T> => {
  const lines = new LineCounter()
  // The parser's own search for keys that come twice takes the square of their number; checkStructure has one.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, version: '1.2' })
  const at = (offset: number, path: DocumentPath, message: string): PlacedFault => {
    const position = lines.linePos(offset)
    return {
      file,
      line: Math.max(1, position.line),
      column: Math.max(1, position.col),
      path: formatPath(path),
      message,
    }
  }
  const syntax = [...document.errors, ...document.warnings]
  if (syntax.length > 0)
    return {
      ok: false,
      faults: sortFaults(syntax.slice(0, mostFaults).map((error) => at(error.pos[0], [], firstLine(error.message)))),
    }
  const place: Place = (path, message, where = 'value') => at(offsetOf(document, path, where), path, message)

  const structure = checkStructure(document, (offset, message) => at(offset, [], message))
  if (structure.length > 0) return { ok: false, faults: sortFaults(structure) }
  const value: unknown = document.toJS({ maxAliasCount: mostAliased })
  if (value === null || value === undefined) return { ok: false, faults: [at(0, [], 'the file is empty')] }

  // zod's issues do not carry the known keys; the error map sees the schema that raised them.
  const knownKeys = new Map<string, readonly string[]>()
  const result = schema.safeParse(value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') knownKeys.set(JSON.stringify(issue.path ?? []), shapeOf(issue.inst))
      return undefined
    },
  })
  if (result.success) return { ok: true, value: result.data, place }
  const faults: PlacedFault[] = []
  for (const issue of result.error.issues) {
    // To find the place of each of thousands would take the square of their number.
    if (faults.length >= mostFaults) break
    faults.push(...faultsOf(issue, value, knownKeys, place))
  }
  return { ok: false, faults: sortFaults(faults) }
}

const faultsOf = (
  issue: z.core.$ZodIssue,
  document: unknown,
  knownKeys: ReadonlyMap<string, readonly string[]>,
  place: Place,
  above: DocumentPath = [],
): readonly PlacedFault[] => {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))]
  if (issue.code === 'invalid_union') {
    // Of several shapes, the one that was meant: what is wrong lies inside of it.
    const meant = issue.errors.filter((issues) =>
      issues.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
    )
    if (meant.length === 1 && meant[0] !== undefined)
      return meant[0].flatMap((inner) => faultsOf(inner, document, knownKeys, place, path))
  }
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys.get(JSON.stringify(issue.path)) ?? []
    return issue.keys.map((key) => place([...path, key], `unknown key${didYouMean(key, known) || list(known)}`, 'key'))
  }
  if (issue.code === 'invalid_key') {
    const reason = issue.issues[0]?.message ?? 'a name that is allowed here'
    return [place(path, `expected ${reason}`, 'key')]
  }
  const atKey = issue.code === 'custom' && issue.params?.['at'] === 'key'
  return [place(path, describeIssue(issue, valueAt(document, path)), atKey ? 'key' : 'value')]
}

const list = (known: readonly string[]): string => (known.length === 0 ? '' : `, expected one of ${known.join(', ')}`)

const shapeOf = (schema: unknown): readonly string[] => {
  const shape = (schema as { readonly def?: { readonly shape?: object } } | undefined)?.def?.shape
  return shape === undefined ? [] : Object.keys(shape)
}

const valueAt = (document: unknown, path: DocumentPath): unknown =>
  path.reduce<unknown>(
    (value, step) =>
      value !== null && typeof value === 'object' && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    document,
  )

/** Where a path stands in the text; for a path that has no node, where its deepest part does. */
const offsetOf = (document: Document, path: DocumentPath, where: 'key' | 'value'): number => {
  for (let length = path.length; length >= 0; length--) {
    if (where === 'key' && length > 0) {
      const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
      const pair = isMap(parent)
        ? parent.items.find((item) => isScalar(item.key) && item.key.value === path[length - 1])
        : undefined
      if (pair !== undefined && isScalar(pair.key) && pair.key.range) return pair.key.range[0]
    }
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

/**
 * What the schema could not see any more: a key that is no text would turn into text and then hide another one, and
 * `__proto__` would vanish from the checked value.
 */
const checkStructure = (
  document: Document,
  at: (offset: number, message: string) => PlacedFault,
): readonly PlacedFault[] => {
  const faults: PlacedFault[] = []
  visit(document, {
    Node: (_, node, ancestors) => {
      // Pairs and the document itself are ancestors too; only collections count as levels.
      const levels = ancestors.filter((ancestor) => !isPair(ancestor)).length
      if (levels > deepestNesting) {
        faults.push(at(node.range?.[0] ?? 0, `expected at most ${deepestNesting} levels, got more`))
        return visit.BREAK
      }
      if (isMap(node)) faults.push(...repeatedKeys(node, at))
      return undefined
    },
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined)
        faults.push(at(alias.range?.[0] ?? 0, `*${alias.source} names nothing: no &${alias.source} comes before it`))
    },
    Pair: (_, pair) => {
      const offset = isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0
      if (isAlias(pair.key) || !isScalar(pair.key) || typeof pair.key.value !== 'string')
        faults.push(at(offset, 'expected a text as key; put a number, a date or a list in quotes'))
      else if (pair.key.value === '__proto__') faults.push(at(offset, '__proto__ cannot be used as a name'))
    },
  })
  return faults
}

const repeatedKeys = (map: YAMLMap, at: (offset: number, message: string) => PlacedFault): readonly PlacedFault[] => {
  const seen = new Set<unknown>()
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key)) return []
    if (seen.has(key.value))
      return [at(key.range?.[0] ?? 0, `keys must be unique: ${String(key.value)} stands there already`)]
    seen.add(key.value)
    return []
  })
}

const firstLine = (message: string): string => message.split('\n', 1)[0] as string
