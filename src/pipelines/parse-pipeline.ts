import { Fault } from '../domain/errors.ts'
import type { JsonObject } from '../domain/json.ts'
import { isJsonObject } from '../domain/json.ts'
import { checkReferences, type Problem } from './check-pipeline.ts'
import { PipelineSpec } from './ir.ts'
import { plainParameters } from './parameters.ts'
import { type LocatedDocument, readDocuments } from './read-document.ts'

/** What a PipelineJob says besides its spec. */
interface JobTemplate {
  readonly displayName: string | null
  readonly labels: Readonly<Record<string, string>>
  /** Plain values, whichever schema they came in. */
  readonly parameters: JsonObject
  readonly pipelineRoot: string | null
  readonly failurePolicy: 'slow' | 'fast'
}

export interface PipelineDocument {
  readonly spec: PipelineSpec
  readonly platformSpec: JsonObject | null
  /** Null where the file holds a bare spec. */
  readonly job: JobTemplate | null
}

type Locate = LocatedDocument['locate']

const remedy = 'Compile the pipeline again with kfp or TFX, or correct the file at the place named.'

const refuse = (problems: readonly Problem[], locate: Locate): Fault => {
  const details = problems.map(({ path, message }) => `${locate(path)}: ${message}`)
  const more = details.length > 1 ? ` (and ${details.length - 1} more)` : ''
  return new Fault('pipeline_invalid', `${details[0]}${more}`, { remedy, details })
}

const dots = (path: readonly PropertyKey[]): string => path.map(String).join('.')

const checkShape = (value: unknown, base: readonly string[], locate: Locate): PipelineSpec => {
  const from: Locate = (path) => locate([...base, ...path])
  const shape = PipelineSpec.safeParse(value)
  if (!shape.success) {
    const problems = shape.error.issues.map(({ path, message }) => ({
      path: path.map((key) => (typeof key === 'number' ? key : String(key))),
      message: `${dots(path) || 'the spec'}: ${message}`,
    }))
    throw refuse(problems, from)
  }
  // The value itself, not zod's copy: its unknown members and their order stay as they were written.
  const spec = value as PipelineSpec
  const [major, minor] = (spec.schemaVersion ?? '2.1.0').split('.')
  if (major !== '2' || (minor !== '0' && minor !== '1')) {
    const message = `schemaVersion is ${spec.schemaVersion}; this version of Winnow runs 2.0.0 and 2.1.0`
    throw refuse([{ path: ['schemaVersion'], message }], from)
  }
  const problems = checkReferences(spec)
  if (problems.length > 0) throw refuse(problems, from)
  return spec
}

/** `schemaVersion` or `schema_version`: the name under which an object holds a member. */
const memberName = (object: JsonObject, name: string): string => {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return !Object.hasOwn(object, name) && Object.hasOwn(object, snake) ? snake : name
}

const specMembers = ['pipelineInfo', 'deploymentSpec', 'schemaVersion', 'sdkVersion', 'defaultPipelineRoot']

const withCamelCase = (value: JsonObject): JsonObject => {
  const renamed = specMembers.filter((name) => memberName(value, name) !== name)
  if (renamed.length === 0) return value
  const gone = new Set(renamed.map((name) => memberName(value, name)))
  return {
    ...Object.fromEntries(Object.entries(value).filter(([name]) => !gone.has(name))),
    ...Object.fromEntries(renamed.map((name) => [name, value[memberName(value, name)]])),
  }
}

/** Checks a spec that is already in memory, such as one that came over the wire. Throws Fault `pipeline_invalid`. */
export const checkPipelineSpec = (value: unknown, name = 'pipeline spec'): PipelineSpec => {
  const locate: Locate = (path) => `${name}${path.length === 0 ? '' : ` at ${dots(path)}`}`
  if (!isJsonObject(value)) throw refuse([{ path: [], message: 'it is not a mapping' }], locate)
  return checkShape(withCamelCase(value), [], locate)
}

const objectOf = (object: JsonObject, name: string): JsonObject => {
  const value = object[memberName(object, name)]
  return isJsonObject(value) ? value : {}
}

const textOf = (object: JsonObject, name: string): string | null => {
  const value = object[memberName(object, name)]
  return typeof value === 'string' && value !== '' ? value : null
}

const readJob = (value: JsonObject): JobTemplate => {
  const config = objectOf(value, 'runtimeConfig')
  return {
    displayName: textOf(value, 'displayName'),
    labels: Object.fromEntries(Object.entries(objectOf(value, 'labels')).map(([key, label]) => [key, String(label)])),
    parameters: { ...plainParameters(objectOf(config, 'parameters')), ...objectOf(config, 'parameterValues') },
    pipelineRoot: textOf(config, 'gcsOutputDirectory'),
    failurePolicy: textOf(config, 'failurePolicy') === 'PIPELINE_FAILURE_POLICY_FAIL_FAST' ? 'fast' : 'slow',
  }
}

const looksLikeSpec = (value: JsonObject): boolean =>
  ['pipelineInfo', 'deploymentSpec', 'root', 'components'].some((name) => Object.hasOwn(value, memberName(value, name)))

/**
 * Reads a compiled pipeline: YAML of kfp (with its platform spec, if there is one), JSON, or a PipelineJob's JSON.
 * Throws Fault `pipeline_invalid`; its details name every place as `file:line:column`.
 */
export const parsePipeline = (text: string, file: string): PipelineDocument => {
  const documents = readDocuments(text, file)
  const first = documents[0]
  const notIr = (message: string): Fault =>
    new Fault('pipeline_invalid', `${first?.locate([]) ?? `${file}:1:1`}: ${message}`, {
      remedy: "Give the file that `kfp dsl compile` or TFX's KubeflowV2DagRunner writes.",
    })
  if (first === undefined) throw notIr('the file is empty')
  if (!isJsonObject(first.value)) throw notIr('this is no pipeline: its top is not a mapping')
  const value = first.value
  const inside = memberName(value, 'pipelineSpec')
  const wrapped = value[inside]
  if (!isJsonObject(wrapped) && !looksLikeSpec(value)) {
    throw notIr(
      value['apiVersion'] !== undefined || value['implementation'] !== undefined
        ? 'this is an Argo workflow or a component of KFP v1, not a compiled pipeline of KFP v2'
        : 'this is no compiled pipeline: it has neither pipelineInfo, root nor pipelineSpec',
    )
  }
  const base = isJsonObject(wrapped) ? [inside] : []
  const spec = checkShape(withCamelCase(isJsonObject(wrapped) ? wrapped : value), base, first.locate)
  const second = documents.map((document) => document.value).find((other, index) => index > 0 && isJsonObject(other))
  const platform = isJsonObject(second) ? second : (value['platform_spec'] ?? value['platformSpec'])
  const platformSpec = isJsonObject(platform) ? platform : null
  return { spec, platformSpec, job: isJsonObject(wrapped) ? readJob(value) : null }
}
