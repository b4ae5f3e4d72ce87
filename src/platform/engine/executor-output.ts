import { constants, readFileSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'
import { Fault, messageOf } from '../../domain/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { ParameterType, ReadyTask, RuntimeArtifact, TaskOutputs } from '../../pipelines/execution.ts'
import type { ExecutorLayout } from '../../pipelines/executor-input.ts'
import { plainValue } from '../../pipelines/typed-values.ts'
import { convertParameter } from '../../pipelines/values.ts'

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Python writes NaN and Infinity, which JSON has not: they become texts, as in protobuf's JSON. */
const parseExecutorJson = (text: string): Json =>
  JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) => (token.startsWith('"') ? token : `"${token}"`)),
  ) as Json

const readExecutorOutput = (task: ReadyTask, path: string): JsonObject => {
  const text = readIfThere(path)
  if (text === undefined || text.trim() === '') return {}
  try {
    const value = parseExecutorJson(text)
    if (isJsonObject(value)) return value
    throw new Error('it holds no mapping')
  } catch (cause) {
    throw new Fault('task_failed', `${task.name} left outputs that cannot be read (${path}): ${messageOf(cause)}`, {
      cause,
    })
  }
}

const member = (value: Json | undefined, key: string): Json | undefined =>
  isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined

const readParameter = (
  task: ReadyTask,
  name: string,
  type: ParameterType,
  answered: Json | undefined,
  file: string,
): Json => {
  const value = answered ?? readIfThere(file)
  if (value === undefined)
    throw new Fault('task_failed', `${task.name} ended without a value for its output ${name} (${type})`, {
      remedy: `return a value for ${name} on every way through the component`,
    })
  const converted = convertParameter(value, type)
  if (converted.ok) return converted.value
  throw new Fault('task_failed', `${task.name} gave its output ${name} a wrong value: ${converted.reason}`, {
    remedy: `let the component return ${name} as its declaration says`,
  })
}

/** A parameter's value in the executor's answer: `parameterValues`, or the typed `parameters` of schema 2.0.0. */
const answeredParameter = (answer: JsonObject, name: string): Json | undefined => {
  const typed = member(answer['parameters'], name)
  return member(answer['parameterValues'], name) ?? (typed === undefined ? undefined : plainValue(typed))
}

/** All that an executor says of an artifact: `metadata`, and the typed properties that TFX wrote before there was any. */
const factsOf = (value: Json): JsonObject => {
  const typed = ['properties', 'customProperties', 'custom_properties'].flatMap((key) => {
    const properties = member(value, key)
    return isJsonObject(properties) ? Object.entries(properties) : []
  })
  const metadata = member(value, 'metadata')
  return {
    ...Object.fromEntries(typed.flatMap(([key, item]) => (item === undefined ? [] : [[key, plainValue(item)]]))),
    ...(isJsonObject(metadata) ? metadata : {}),
  }
}

/** What a task wrote at a path of its own choice is copied to the artifact's address, where later tasks look for it. */
const settleCustomPath = async (customPath: string, uri: string, layout: ExecutorLayout): Promise<void> => {
  const place = layout.localPath(uri)
  if (!isAbsolute(place) || place === customPath) return
  await mkdir(dirname(place), { recursive: true })
  await cp(customPath, place, { recursive: true, mode: constants.COPYFILE_FICLONE }).catch((error) => {
    // Nothing is there: as with an artifact that was never written, whoever reads it will miss it.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
}

const readArtifact = async (
  value: Json,
  fallback: RuntimeArtifact,
  layout: ExecutorLayout,
): Promise<RuntimeArtifact> => {
  const name = member(value, 'name')
  const uri = member(value, 'uri')
  const customPath = member(value, 'custom_path') ?? member(value, 'customPath')
  const address = typeof uri === 'string' && uri !== '' ? uri : fallback.uri
  if (typeof customPath === 'string' && customPath !== '') await settleCustomPath(customPath, address, layout)
  return {
    name: typeof name === 'string' && name !== '' ? name : fallback.name,
    uri: address,
    type: fallback.type,
    metadata: { ...fallback.metadata, ...factsOf(value) },
  }
}

/**
 * What a task left: the executor's answer first, then the files of output parameters. A declared parameter without a
 * value is a Fault `task_failed` that names it; an artifact that was never written keeps its allocated URI, since
 * metrics have no file at all.
 */
export const readTaskOutputs = async (task: ReadyTask, layout: ExecutorLayout): Promise<TaskOutputs> => {
  const answer = readExecutorOutput(task, layout.outputFile)
  const parameters: Record<string, Json> = {}
  for (const [name, type] of Object.entries(task.outputs.parameters)) {
    const answered = answeredParameter(answer, name)
    parameters[name] = readParameter(task, name, type, answered, layout.parameterFile(name))
  }
  const artifacts: Record<string, readonly RuntimeArtifact[]> = {}
  for (const [name, { type, isList }] of Object.entries(task.outputs.artifacts)) {
    const allocated = { name: layout.artifactName(name), uri: layout.artifactUri(name), type, metadata: {} }
    const answered = member(member(answer['artifacts'], name), 'artifacts')
    const given = Array.isArray(answered) ? (answered as readonly Json[]) : undefined
    artifacts[name] =
      given !== undefined && (isList || given.length > 0)
        ? await Promise.all(
            given.map((value, index) => {
              const own = index === 0 ? allocated : { ...allocated, name: layout.artifactName(`${name}/${index}`) }
              return readArtifact(value, own, layout)
            }),
          )
        : isList
          ? []
          : [allocated]
  }
  return { parameters, artifacts }
}
