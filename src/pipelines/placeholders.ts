import { Fault } from '../domain/errors.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'
import type { JobContext, RuntimeArtifact } from './execution.ts'
import { suggestName } from './suggest-name.ts'
import { valueText } from './values.ts'

/** What the placeholders of one task stand for. */
export interface PlaceholderScope {
  readonly job: JobContext
  readonly taskName: string
  readonly taskId: string
  readonly parameters: Readonly<Record<string, Json>>
  readonly artifacts: Readonly<Record<string, readonly RuntimeArtifact[]>>
  /** Declared inputs that were given no value: they read as nothing rather than as a mistake. */
  readonly optional: ReadonlySet<string>
  readonly outputFiles: Readonly<Record<string, string>>
  readonly outputArtifacts: Readonly<Record<string, readonly RuntimeArtifact[]>>
  readonly executorInput: JsonObject | null
  /** Where the file of an artifact's URI can be read or written by the task. */
  readonly localPath: (uri: string) => string
  /** The content of an artifact that holds one value (TFX's `.value`); undefined where it cannot be read. */
  readonly artifactValue?: (artifact: RuntimeArtifact) => string | undefined
}

type Accessor = string | number

const accessorPattern =
  /\s*(?:\.([A-Za-z_][\w-]*)|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*"((?:[^"\\]|\\.)*)"\s*\]|\[\s*(\d+)\s*\])/y
const placeholderPattern =
  /\{\{\$((?:\s*(?:\.[A-Za-z_][\w-]*|\[\s*'(?:[^'\\]|\\.)*'\s*\]|\[\s*"(?:[^"\\]|\\.)*"\s*\]|\[\s*\d+\s*\]))*)\s*\}\}/g

const readAccessors = (text: string): readonly Accessor[] => {
  const found: Accessor[] = []
  accessorPattern.lastIndex = 0
  for (let match = accessorPattern.exec(text); match !== null; match = accessorPattern.exec(text)) {
    const [, name, single, double, index] = match
    found.push(index !== undefined ? Number(index) : (name ?? single ?? double ?? '').replace(/\\(.)/g, '$1'))
  }
  return found
}

const wrong = (text: string, reason: string): Fault =>
  new Fault('pipeline_invalid', `The placeholder {{$${text}}} cannot be filled in: ${reason}.`, {
    remedy: 'Correct the placeholder in the component, or give the input it names a value.',
  })

const artifactField = (
  scope: PlaceholderScope,
  artifacts: readonly RuntimeArtifact[],
  path: readonly Accessor[],
  text: string,
): Json | undefined => {
  const indexed = typeof path[0] === 'number'
  const [artifact, rest] = indexed ? [artifacts[path[0] as number], path.slice(1)] : [artifacts[0], path]
  const [field, ...deeper] = rest
  if (artifact === undefined) return undefined
  switch (field) {
    case undefined:
      return (artifacts.length === 1 || indexed ? artifact : artifacts) as unknown as Json
    case 'uri':
      return artifact.uri
    case 'value': {
      const value = scope.artifactValue?.(artifact)
      if (value === undefined) throw wrong(text, `the value in ${artifact.uri} cannot be read`)
      return value
    }
    case 'path':
      return artifact.customPath ?? scope.localPath(artifact.uri)
    case 'name':
      return artifact.name
    case 'metadata':
    case 'properties':
    case 'custom_properties': {
      let value: Json | undefined = artifact.metadata
      for (const key of deeper) {
        value = isJsonObject(value)
          ? value[key]
          : Array.isArray(value)
            ? (value as readonly Json[])[Number(key)]
            : undefined
      }
      return value
    }
    default:
      throw wrong(text, `artifacts have uri, path, name, value and metadata, not "${field}"`)
  }
}

const jobFields: Readonly<Record<string, (scope: PlaceholderScope) => string>> = {
  pipeline_job_name: ({ job }) => job.jobId,
  pipeline_job_resource_name: ({ job }) => job.resourceName,
  pipeline_job_uuid: ({ job }) => job.jobUuid,
  pipeline_task_name: ({ taskName }) => taskName,
  pipeline_task_uuid: ({ taskId }) => taskId,
  pipeline_root: ({ job }) => job.pipelineRoot,
  pipeline_job_create_time_utc: ({ job }) => job.createTime ?? '',
  // A job that no schedule started was due when it was made.
  pipeline_job_schedule_time_utc: ({ job }) => job.createTime ?? '',
  pipeline_google_cloud_project_id: ({ job }) => job.project,
  pipeline_google_cloud_location: ({ job }) => job.location,
  workspace_path: ({ job }) => job.workspacePath,
  // Machines that outlive a job are the cloud's; elsewhere there are none, which is what the empty text says there.
  pipeline_persistent_resource_id: () => '',
}

const member = <T>(values: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(values, key) ? values[key] : undefined

const readInput = (
  scope: PlaceholderScope,
  kind: Accessor | undefined,
  key: string,
  rest: readonly Accessor[],
  text: string,
) => {
  const known = kind === 'artifacts' ? Object.keys(scope.artifacts) : Object.keys(scope.parameters)
  if (kind === 'artifacts') {
    const artifacts = member(scope.artifacts, key)
    if (artifacts !== undefined) return artifactField(scope, artifacts, rest, text)
  } else if (kind === 'parameters') {
    const value = member(scope.parameters, key)
    if (value !== undefined) return value
  } else {
    throw wrong(text, 'inputs have "parameters" and "artifacts"')
  }
  if (scope.optional.has(key)) return undefined
  throw wrong(text, `there is no input "${key}"${suggestName(key, known)}`)
}

const readOutput = (
  scope: PlaceholderScope,
  kind: Accessor | undefined,
  key: string,
  rest: readonly Accessor[],
  text: string,
) => {
  if (kind === 'parameters') {
    const file = member(scope.outputFiles, key)
    if (file === undefined)
      throw wrong(text, `there is no output "${key}"${suggestName(key, Object.keys(scope.outputFiles))}`)
    return file
  }
  const artifacts = member(scope.outputArtifacts, key)
  if (artifacts === undefined) {
    throw wrong(text, `there is no output "${key}"${suggestName(key, Object.keys(scope.outputArtifacts))}`)
  }
  return artifactField(scope, artifacts, rest, text)
}

/** Levels of JSON escaping: level 0 and 1 put a value inside one JSON string, each further level inside one more. */
const escaped = (value: string, level: number): string => {
  let text = value
  for (let i = 0; i < Math.max(1, level); i++) text = JSON.stringify(text).slice(1, -1)
  return text
}

/** The whole executor input, which only a running task has. Until then it stays as it is written, in the value of an input. */
const executorInput = /^\s*(?:\.json_escape\s*\[\s*\d+\s*\]\s*)?$/

const readPlaceholder = (scope: PlaceholderScope, text: string): Json | undefined => {
  if (scope.executorInput === null && executorInput.test(text)) return `{{$${text}}}`
  const path = [...readAccessors(text)]
  const level = path.at(-1)
  if (path.at(-2) === 'json_escape' && typeof level === 'number') {
    const inner = text.slice(0, text.lastIndexOf('.json_escape'))
    return escaped(valueText(readPlaceholder(scope, inner)), level)
  }
  const [head, kind, key, ...rest] = path
  if (head === undefined) return scope.executorInput ?? undefined
  if (head === 'inputs' || head === 'outputs') {
    if (head === 'outputs' && kind === 'output_file') return member(scope.outputFiles, 'outputFile')
    if (typeof key !== 'string') throw wrong(text, `${head} need a kind and a name`)
    return (head === 'inputs' ? readInput : readOutput)(scope, kind, key, rest, text)
  }
  const field = member(jobFields, String(head))
  if (field === undefined || path.length > 1) {
    throw wrong(text, `nothing is called "${head}"${suggestName(String(head), Object.keys(jobFields))}`)
  }
  return field(scope)
}

/** A text with its placeholders filled in, each once: what a value holds is never read as a placeholder again. */
export const resolveText = (text: string, scope: PlaceholderScope): string =>
  text.replace(placeholderPattern, (_, inner: string) => valueText(readPlaceholder(scope, inner)))

/** A value with its placeholders filled in. A text that is one placeholder and nothing else becomes the value with its type. */
export const resolveValue = (value: Json, scope: PlaceholderScope): Json => {
  if (typeof value === 'string') {
    const whole = wholePlaceholder(value)
    return whole === undefined ? resolveText(value, scope) : (readPlaceholder(scope, whole) ?? null)
  }
  if (Array.isArray(value)) return value.map((item: Json) => resolveValue(item, scope))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [[resolveText(key, scope), resolveValue(item, scope)]],
    ),
  )
}

const wholePlaceholder = (text: string): string | undefined => {
  if (!text.startsWith('{{$') || !text.endsWith('}}')) return undefined
  const matches = [...text.matchAll(placeholderPattern)]
  return matches.length === 1 && matches[0]?.[0] === text ? matches[0][1] : undefined
}

/** The inputs whose values a value's placeholders read. */
export const placeholderInputs = (value: Json): readonly string[] => {
  const names: string[] = []
  const visit = (item: Json | undefined): void => {
    if (typeof item === 'string') {
      if (!item.includes('{{$')) return
      for (const match of item.matchAll(placeholderPattern)) {
        const [head, , key] = readAccessors(match[1] ?? '')
        if (head === 'inputs' && typeof key === 'string') names.push(key)
      }
    } else if (Array.isArray(item)) item.forEach(visit)
    else if (isJsonObject(item)) for (const [key, inner] of Object.entries(item)) [key, inner].forEach(visit)
  }
  visit(value)
  return names
}
