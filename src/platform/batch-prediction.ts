import { extname, join } from 'node:path'
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'
import type { Addresses } from './addresses.ts'
import { type BatchInput, fieldsOf, inputOf, outputOf } from './batch-job.ts'
import type { Deployments } from './deployments.ts'
import { type InstancesFormat, readInstances } from './instance-files.ts'
import {
  csvLine,
  jsonLine,
  type LineFile,
  type LineOf,
  openLineFile,
  type PredictedLine,
  tableLine,
} from './prediction-files.ts'
import type { BatchPredictionJob } from './resources.ts'
import type { ModelDescription } from './serving/model-files.ts'
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

interface Predicted {
  readonly line: PredictedLine
  readonly sent: Json
}

/**
 * Predicts every instance of the job's input and writes the predictions to the job's output, and beside them the
 * instances that the model cannot take, with why. Nothing of a half-done batch is seen under the final names, so it
 * can be done again from its start after a crash.
 */
export const runBatchPrediction = async (
  job: BatchPredictionJob,
  { addresses, deployments }: { addresses: Addresses; deployments: Deployments },
  progress: (stats: BatchOutcome['completionStats']) => void,
  signal: AbortSignal,
): Promise<BatchOutcome> => {
  const files = await inputFiles(inputOf(job), addresses)
  const fields = fieldsOf(job)
  const { model, modelVersionId } = job
  const served = await deployments.served(model, modelVersionId)
  const { results, errors, predictedLine, refusedLine } = await openOutput(job, served.description, addresses)
  const failures: Status[] = []
  let [succeeded, failed] = [0, 0]
  const stats = () => ({ successfulCount: String(succeeded), failedCount: String(failed), incompleteCount: '0' })

  const fail = async (where: string, problem: string, line: PredictedLine): Promise<void> => {
    failed += 1
    const error = { code: 3, message: `${where}: ${problem}` }
    if (failures.length < shownFailures) failures.push(statusOf(statusError('INVALID_ARGUMENT', error.message)))
    await errors.write([refusedLine(line, error)])
  }
  const predict = async (chunk: readonly Predicted[]): Promise<void> => {
    if (chunk.length === 0) return
    signal.throwIfAborted()
    const instances = chunk.map(({ sent }) => sent)
    const predictions = await deployments.predict(model, modelVersionId, instances, signal)
    await results.write(chunk.map(({ line }, at) => predictedLine(line, predictions[at] ?? null)))
    succeeded += chunk.length
    progress(stats())
  }
  const lineOf = (instance: Json): PredictedLine =>
    fields.key !== undefined && isJsonObject(instance) ? { key: instance[fields.key] ?? null } : { instance }

  try {
    let chunk: Predicted[] = []
    for (const { file, format } of files)
      for await (const read of readInstances(file, format)) {
        const instance = read.problem === undefined ? read.instance : null
        const sent = isJsonObject(instance) ? fields.sent(instance) : instance
        const problem = read.problem ?? served.problemOf(sent)
        if (problem !== null) await fail(`${file}:${read.line}`, problem, lineOf(instance))
        else chunk.push({ line: lineOf(instance), sent })
        if (chunk.length < chunkSize) continue
        await predict(chunk)
        chunk = []
      }
    await predict(chunk)
    await errors.publish()
    await results.publish()
  } finally {
    await Promise.all([results.close(), errors.close()])
  }
  return { completionStats: stats(), partialFailures: failures }
}

const inputFiles = async (
  { uris, format }: BatchInput,
  addresses: Addresses,
): Promise<readonly { readonly file: string; readonly format: InstancesFormat }[]> => {
  const files = (await Promise.all(uris.map((uri) => addresses.files(uri)))).flat()
  return files.map((file) => {
    if (format !== 'table') return { file, format }
    if (extname(file) === '.parquet')
      throw statusError(
        'INVALID_ARGUMENT',
        `${file} is Parquet, which batch predictions do not read: query it into a table`,
      )
    return { file, format: extname(file) === '.csv' ? 'csv' : 'jsonl' }
  })
}

interface Output {
  readonly results: LineFile
  readonly errors: LineFile
  readonly predictedLine: LineOf<Json>
  readonly refusedLine: LineOf<Json>
}

const openOutput = async (
  job: BatchPredictionJob,
  description: ModelDescription,
  addresses: Addresses,
): Promise<Output> => {
  const { format } = outputOf(job)
  const info = isJsonObject(job.outputInfo) ? job.outputInfo : {}
  const refused: LineOf<Json> = (line, error) => ({ ...line, error })
  if (format === 'table') {
    const dataset = String(info['bigqueryOutputDataset'])
    const [results, errors] = [String(info['bigqueryOutputTable']), 'errors'].map((table) =>
      addresses.tableFile(`${dataset}.${table}`, '.jsonl'),
    ) as [string, string]
    return {
      results: await openLineFile(results, extname(results) === '.csv' ? 'csv' : 'jsonl'),
      errors: await openLineFile(errors, extname(errors) === '.csv' ? 'csv' : 'jsonl'),
      predictedLine: tableLine(description),
      refusedLine: refused,
    }
  }
  const folder = addresses.resolve(String(info['gcsOutputDirectory']))
  const end = format === 'csv' ? '.csv' : ''
  return {
    results: await openLineFile(join(folder, `prediction.results-00000-of-00001${end}`), format),
    errors: await openLineFile(join(folder, 'prediction.errors_stats-00000-of-00001'), 'jsonl'),
    predictedLine: format === 'csv' ? csvLine(description) : jsonLine,
    refusedLine: refused,
  }
}
