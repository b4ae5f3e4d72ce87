import { isMap, LineCounter, parseAllDocuments, type ScalarTag } from 'yaml'
import { Fault, messageOf } from '../domain/errors.ts'

type DocumentPath = readonly (string | number)[]

/** One document of a file: its value, and where each part of it stands. */
export interface LocatedDocument {
  readonly value: unknown
  /** `file:line:column` of the deepest part of the path that exists. */
  readonly locate: (path: DocumentPath) => string
}

// kfp writes with PyYAML, to which 1e5, 0o17 and 1_000 are as they stand: texts are quoted only where PyYAML itself would
// take them for something else. So a number with an exponent needs PyYAML's point and sign, and nothing is octal.
const exponent: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^[-+]?[0-9]+\.[0-9]*[eE][-+][0-9]+$/,
  resolve: Number,
}
const isExponent = (tag: unknown): boolean =>
  typeof tag === 'object' && tag !== null && 'format' in tag && tag.format === 'EXP'
const isOctal = (tag: unknown): boolean =>
  typeof tag === 'object' && tag !== null && 'format' in tag && tag.format === 'OCT'

const parseJson = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/**
 * Reads the documents of a YAML or JSON text. A name such as `on` stays a text, whoever wrote it. Throws Fault
 * `pipeline_invalid` with `file:line:column` where the text is neither.
 */
export const readDocuments = (text: string, file: string): readonly LocatedDocument[] => {
  const json = /^\s*[{[]/.test(text) ? parseJson(text) : undefined
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    version: '1.2',
    customTags: (tags) => [...tags.filter((tag) => !isExponent(tag) && !isOctal(tag)), exponent],
  })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const list = 'empty' in documents ? [] : documents
  const problems = list.flatMap((document) => document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`))
  if (problems.length > 0 && json === undefined) {
    throw new Fault('pipeline_invalid', `${problems[0]}`, {
      remedy: `Make ${file} the YAML or JSON that kfp's or TFX's compiler writes.`,
      details: problems,
    })
  }
  return list
    .filter((document) => document.contents !== null || json !== undefined)
    .map((document) => ({
      value: json === undefined ? toValue(document, file) : json.value,
      locate: (path) => {
        for (let length = path.length; length > 0; length--) {
          const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
          const pair = isMap(parent)
            ? parent.items.find(({ key }) => String(key) === String(path[length - 1]))
            : undefined
          const node = (pair?.key ?? document.getIn(path.slice(0, length), true)) as
            | { range?: readonly number[] | null }
            | undefined
          if (node?.range !== undefined && node.range !== null) return at(node.range[0] ?? 0)
        }
        return at(document.contents?.range?.[0] ?? 0)
      },
    }))
}

const toValue = (document: { toJS(options: { maxAliasCount: number }): unknown }, file: string): unknown => {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new Fault('pipeline_invalid', `${file} cannot be read: ${messageOf(cause)}`, {
      remedy: 'Write the file without YAML aliases.',
      cause,
    })
  }
}
