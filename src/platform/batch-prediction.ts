import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json, JsonObject } from '../domain/json.ts'
import type { Addresses } from './addresses.ts'
import type { Deployments } from './deployments.ts'
import { type InstancesFormat, readInstances } from './instance-files.ts'
import type { BatchPredictionJob } from './resources.ts'
import { type Status, statusError, statusOf } from './status.ts'

/** What came out of a batch; counts are int64 and so texts. */
export interface BatchOutcome extends JsonObject {
  readonly completionStats: {
    readonly successfulCount: string
    readonly failedCount: string
    readonly incompleteCount: string
  }
  readonly partialFailures: readonly Status[]
}

/** Few enough to answer other calls between two chunks, enough to keep the model busy. */
const chunkSize = 512
const shownFailures = 20

const resultsFile = 'prediction.results-00000-of-00001'
const errorsFile = 'prediction.errors_stats-00000-of-00001'

/**
 * Predicts every instance of the job's input and writes `{instance, prediction}` lines into its output folder, and
 * `{instance, error}` lines for those that the model cannot take. Nothing of a half-done batch is seen under the final
 * names, so it can be done again from its start after a crash.
 */
export const runBatchPrediction = async (
  job: BatchPredictionJob,
  { addresses, deployments }: { addresses: Addresses; deployments: Deployments },
  progress: (stats: BatchOutcome['completionStats']) => void,
  signal: AbortSignal,
): Promise<BatchOutcome> => {
  const { uris, format } = inputOf(job)
  const folder = addresses.resolve(outputDirectoryOf(job))
  const files = (await Promise.all(uris.map((uri) => addresses.files(uri)))).flat()
  const { model, modelVersionId } = job
  const served = await deployments.served(model, modelVersionId)
  await mkdir(folder, { recursive: true })
  const results = await open(join(folder, `.${resultsFile}`), 'w')
  const errors = await open(join(folder, `.${errorsFile}`), 'w')
  const failures: Status[] = []
  let [succeeded, failed] = [0, 0]
  const stats = () => ({ successfulCount: String(succeeded), failedCount: String(failed), incompleteCount: '0' })

  const fail = async (where: string, problem: string, instance: Json): Promise<void> => {
    failed += 1
    if (failures.length < shownFailures)
      failures.push(statusOf(statusError('INVALID_ARGUMENT', `${where}: ${problem}`)))
    await writeLine(errors, { instance, error: { code: 3, message: `${where}: ${problem}` } })
  }
  const predict = async (chunk: readonly Json[]): Promise<void> => {
    if (chunk.length === 0) return
    signal.throwIfAborted()
    const predictions = await deployments.predict(model, modelVersionId, chunk, signal)
    const lines = chunk.map((instance, at) => JSON.stringify({ instance, prediction: predictions[at] }))
    await results.write(`${lines.join('\n')}\n`)
    succeeded += chunk.length
    progress(stats())
  }

  try {
    let chunk: Json[] = []
    for (const file of files)
      for await (const read of readInstances(file, format)) {
        const problem = read.problem ?? served.problemOf(read.instance)
        if (problem !== null)
          await fail(`${file}:${read.line}`, problem, read.problem === undefined ? read.instance : null)
        else if (read.problem === undefined) chunk.push(read.instance)
        if (chunk.length < chunkSize) continue
        await predict(chunk)
        chunk = []
      }
    await predict(chunk)
    await results.sync()
  } finally {
    await Promise.all([results.close(), errors.close()])
  }
  await rename(join(folder, `.${errorsFile}`), join(folder, errorsFile))
  await rename(join(folder, `.${resultsFile}`), join(folder, resultsFile))
  return { completionStats: stats(), partialFailures: failures }
}

const writeLine = async (handle: FileHandle, line: Json): Promise<void> => {
  await handle.write(`${JSON.stringify(line)}\n`)
}

const at = (value: Json | undefined, key: string): Json | undefined => (value as JsonObject | null | undefined)?.[key]

/** Where the instances are and how they are written. INVALID_ARGUMENT where the job does not say, or says it in a way that is not read here. */
export const inputOf = (job: JsonObject): { readonly uris: readonly string[]; readonly format: InstancesFormat } => {
  const config = job.inputConfig
  const format = at(config, 'instancesFormat')
  const uris = [at(at(config, 'gcsSource'), 'uris'), at(at(config, 'bigquerySource'), 'inputUri')]
    .flat()
    .filter((uri) => typeof uri === 'string')
  if (uris.length === 0)
    throw statusError('INVALID_ARGUMENT', 'input_config names neither gcs_source.uris nor bigquery_source.input_uri')
  // A table address is mapped to a CSV file.
  if (format === 'jsonl' || format === 'csv') return { uris, format }
  if (format === 'bigquery') return { uris, format: 'csv' }
  throw statusError(
    'INVALID_ARGUMENT',
    `instances_format ${JSON.stringify(format ?? '')} is not read here: jsonl, csv or bigquery`,
  )
}

export const outputPrefixOf = (job: JsonObject): string => {
  const config = job.outputConfig
  const prefix = at(at(config, 'gcsDestination'), 'outputUriPrefix')
  if (typeof prefix !== 'string' || prefix === '')
    throw statusError('INVALID_ARGUMENT', 'output_config names no gcs_destination.output_uri_prefix')
  if (at(config, 'predictionsFormat') !== 'jsonl')
    throw statusError(
      'INVALID_ARGUMENT',
      `predictions_format ${JSON.stringify(at(config, 'predictionsFormat') ?? '')} is not written here: jsonl`,
    )
  return prefix
}

const outputDirectoryOf = (job: JsonObject): string => String(at(job.outputInfo, 'gcsOutputDirectory') ?? '')
