import type { Place } from './load-yaml.ts'
import type { PlacedFault } from './placed-fault.ts'
import type { PipelineEntry, WinnowFile } from './winnow-schema.ts'

interface LoadedFile {
  readonly file: string
  readonly folder: string
  readonly written: WinnowFile
  readonly place: Place
}

export interface MergedFiles {
  /** As if one file at the root had said it all. */
  readonly written: WinnowFile
  /** Places a path in the file that its pipeline or environment stands in. */
  readonly place: Place
  readonly faults: readonly PlacedFault[]
  /** The file that a pipeline stands in. */
  readonly fileOf: (pipeline: string) => string
}

const sections = ['pipelines', 'environments'] as const

/** Several winnow.yaml of a repository as one, whose paths start at the repository's root. */
export const mergeFiles = (files: readonly LoadedFile[]): MergedFiles => {
  const [first] = files
  if (first === undefined) throw new Error('there is no file to merge')
  const owners = { pipelines: new Map<string, LoadedFile>(), environments: new Map<string, LoadedFile>() }
  const faults: PlacedFault[] = []
  for (const file of files)
    for (const section of sections)
      for (const name of Object.keys(file.written[section])) {
        const other = owners[section].get(name)
        if (other === undefined) owners[section].set(name, file)
        else {
          const { line, column } = other.place([section, name], '', 'key')
          faults.push(file.place([section, name], `stands in ${other.file}:${line}:${column} already`, 'key'))
        }
      }
  if (owners.pipelines.size === 0) faults.push(first.place(['pipelines'], 'expected at least one pipeline'))
  return {
    written: {
      version: 1,
      pipelines: Object.fromEntries(
        [...owners.pipelines].map(([name, { folder, written }]) => [
          name,
          inFolder(written.pipelines[name] as PipelineEntry, folder),
        ]),
      ),
      environments: Object.fromEntries(
        [...owners.environments].map(([name, { written }]) => [
          name,
          written.environments[name] as WinnowFile['environments'][string],
        ]),
      ),
    },
    place: (path, message, at) => {
      const [section, name] = path
      const owner = sections.find((one) => one === section)
      const file = (owner === undefined ? undefined : owners[owner].get(String(name))) ?? first
      return file.place(path, message, at)
    },
    faults,
    fileOf: (pipeline) => (owners.pipelines.get(pipeline) ?? first).file,
  }
}

const pathKeys = ['kfp', 'tfx', 'typescript', 'ir', 'requirements', 'policy'] as const

const inFolder = (entry: PipelineEntry, folder: string): PipelineEntry => {
  if (folder === '') return entry
  const moved = pathKeys.flatMap((key) => (entry[key] === undefined ? [] : [[key, `${folder}/${entry[key]}`] as const]))
  return { ...entry, ...Object.fromEntries(moved) }
}
