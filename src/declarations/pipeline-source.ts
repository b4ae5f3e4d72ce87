import type { PipelineSource } from '../domain/build.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Place } from './load-yaml.ts'
import type { PlacedFault } from './placed-fault.ts'
import { templateParameterFaults } from './template-parameters.ts'
import type { PipelineEntry } from './winnow-schema.ts'

const sourceKinds = ['kfp', 'tfx', 'typescript', 'ir', 'template'] as const
type SourceKind = (typeof sourceKinds)[number]

/** Keys that only some kinds of source have. */
const keysOf: Readonly<Record<SourceKind, readonly ('function' | 'requirements')[]>> = {
  kfp: ['function', 'requirements'],
  tfx: ['function', 'requirements'],
  typescript: ['function'],
  ir: [],
  template: [],
}
const words: Readonly<Record<SourceKind, string>> = {
  kfp: 'a pipeline in Python',
  tfx: 'a pipeline of TFX',
  typescript: 'a pipeline in TypeScript',
  ir: 'a compiled pipeline',
  template: 'a template',
}

/** What a pipeline of winnow.yaml is compiled from; for an entry that sourceFaults has nothing against. */
export const sourceOf = (entry: PipelineEntry): PipelineSource => {
  const { kfp, tfx, typescript, ir, template, requirements } = entry
  if (ir !== undefined) return { kind: 'ir', file: ir }
  if (template !== undefined) return { kind: 'template', template }
  if (typescript !== undefined)
    return {
      kind: 'typescript',
      file: typescript,
      ...(entry.function === undefined ? {} : { export: entry.function }),
    }
  return {
    kind: tfx === undefined ? 'kfp' : 'tfx',
    file: (tfx ?? kfp) as string,
    ...(entry.function === undefined ? {} : { function: entry.function }),
    ...(requirements === undefined ? {} : { requirements }),
  }
}

/** One source and no more, with the keys that belong to it and the parameters that it takes. */
export const sourceFaults = (entry: PipelineEntry, path: readonly string[], place: Place): readonly PlacedFault[] => {
  const [kind, ...others] = sourceKinds.filter((key) => entry[key] !== undefined)
  if (kind === undefined)
    return [place(path, `missing, expected what it is compiled from: ${sourceKinds.join(', ')}`, 'key')]
  if (others.length > 0)
    return others.map((other) => place([...path, other], `expected one of ${kind} and ${other}, got both`, 'key'))
  const faults = (['function', 'requirements'] as const)
    .filter((key) => entry[key] !== undefined && !keysOf[kind].includes(key))
    .map((key) => place([...path, key], `belongs to kfp: ${words[kind]} has none`, 'key'))
  if (kind === 'tfx' && entry.requirements === undefined)
    faults.push(place([...path, 'tfx'], 'needs requirements: a file that names tfx and its version', 'key'))
  return [...faults, ...templateFaults(entry, path, place)]
}

const templateFaults = (entry: PipelineEntry, path: readonly string[], place: Place): readonly PlacedFault[] => {
  if (entry.template === undefined) return []
  const { into, manifest } = entry.on.data ?? {}
  const supplied = [into, manifest].filter((name) => name !== undefined)
  // Checked by the schema as JSON.
  const given = entry.parameters as JsonObject
  return templateParameterFaults(entry.template, given, supplied).map(({ name, message, at }) =>
    place(name === null ? [...path, 'template'] : [...path, 'parameters', name], message, at),
  )
}
