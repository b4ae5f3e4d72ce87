import { Fault } from '../../../domain/errors.ts'
import { isJsonObject, type Json } from '../../../domain/json.ts'
import type { RuntimeArtifact } from '../../../pipelines/execution.ts'

/** `tfx.ModelBlessing`: the schema title, or the title of TFX's whole YAML schema; empty where there is none. */
export const typeTitle = ({ type }: Pick<RuntimeArtifact, 'type'>): string =>
  String(type['schemaTitle'] ?? /^\s*title:\s*(\S+)/m.exec(String(type['instanceSchema'] ?? ''))?.[1] ?? '')

type Matches = (artifact: RuntimeArtifact) => boolean

const term =
  /^\s*([A-Za-z_]+)((?:\.[\w-]+|\[\s*'[^']*'\s*\]|\[\s*"[^"]*"\s*\])*)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^\s'"]*))\s*(?:and\b|$)/i
const keyPattern = /\.([\w-]+)|\[\s*['"]([^'"]*)['"]\s*\]/g

const same = (value: Json | undefined, wanted: string): boolean => {
  if (value === undefined || value === null) return false
  if (typeof value === 'number') return wanted.trim() !== '' && value === Number(wanted)
  return String(value) === wanted
}

const fields: Readonly<Record<string, (artifact: RuntimeArtifact) => string>> = {
  artifact_type: typeTitle,
  schema_title: typeTitle,
  name: ({ name }) => name,
  uri: ({ uri }) => uri,
  // What a job left is there until its files are taken away.
  state: () => 'LIVE',
}

const properties = new Set(['metadata', 'properties', 'custom_properties'])

const matcherOf = (field: string, path: string, wanted: string): Matches | undefined => {
  const keys = [...path.matchAll(keyPattern)].map(([, dotted, quoted]) => dotted ?? quoted ?? '')
  const read = Object.hasOwn(fields, field) ? fields[field] : undefined
  if (read !== undefined && keys.length === 0) return (artifact) => read(artifact) === wanted
  if (!properties.has(field) || keys.length === 0) return undefined
  const typed = /^(number|string|bool)_value$/.test(keys.at(-1) ?? '') ? keys.slice(0, -1) : keys
  return ({ metadata }) => {
    let value: Json | undefined = metadata
    for (const key of typed) value = isJsonObject(value) ? value[key] : undefined
    return same(value, wanted)
  }
}

/**
 * What a resolver's filter means: comparisons by `=` joined by `and`, over artifact_type (schema_title), state, name,
 * uri, metadata, properties and custom_properties. Throws Fault `pipeline_invalid` for anything else.
 */
export const parseArtifactQuery = (filter: string): Matches => {
  const matchers: Matches[] = []
  for (let rest = filter; rest.trim() !== ''; ) {
    const match = term.exec(rest)
    const [whole = '', field = '', path = '', single, double, bare] = match ?? []
    const matcher = match === null ? undefined : matcherOf(field, path, single ?? double ?? bare ?? '')
    if (matcher === undefined)
      throw new Fault('pipeline_invalid', `the filter of a resolver cannot be read at ${JSON.stringify(rest.trim())}`, {
        remedy: "Join comparisons such as artifact_type='tfx.Model' and metadata.blessed.number_value=1 by and.",
      })
    matchers.push(matcher)
    rest = rest.slice(whole.length)
  }
  return (artifact) => matchers.every((matches) => matches(artifact))
}
