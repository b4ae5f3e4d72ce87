import { Fault, isFault, messageOf } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import { statusError } from '../status.ts'
import { encode, problemOf } from './instances.ts'
import { type ModelDescription, outputOf, readModelFiles } from './model-files.ts'
import { type ServingThread, startServingThread } from './serving-thread.ts'

/** A model that is held in memory and answers. */
export interface ServedModel {
  readonly description: ModelDescription
  /**
   * One prediction for each instance, in order: `{classes, scores}` or `{value, lower_bound, upper_bound}`.
   * Throws a statusError INVALID_ARGUMENT that names instance and feature where one does not fit the model.
   */
  predict(instances: readonly Json[], signal?: AbortSignal): Promise<readonly Json[]>
  /** Why the model cannot take an instance; null where it can. For batches that go on without the bad ones. */
  problemOf(instance: Json): string | null
  unload(): Promise<void>
}

/** Holds ONNX sessions in one worker thread, so that no model blocks the event loop. */
export interface ModelServer {
  /** Loads a folder of `model.onnx` and `winnow-model.json`. Faults: `artifact_missing`, `deploy_failed`. */
  load(folder: string): Promise<ServedModel>
  close(): Promise<void>
}

/** Rows that the thread is given at once: others get their turn between them. */
const chunkRows = 2_048
const loadTimeoutMs = 120_000

interface Deployed {
  readonly folder: string
  readonly description: ModelDescription
  /** The thread that holds the session; another one must load it first. */
  thread: ServingThread
  loading: Promise<void>
  unloaded: boolean
}

/**
 * The thread and ONNX's runtime in it start with the first model. Close rejects whatever is under way. `program` is
 * what the thread runs, by default serving-worker; a chunk of rows that takes longer than `predictTimeoutMs` hangs.
 */
export const createModelServer = ({
  program,
  predictTimeoutMs = 60_000,
}: {
  program?: URL
  predictTimeoutMs?: number
} = {}): ModelServer => {
  let thread: ServingThread | undefined
  let count = 0
  let closed = false

  const liveThread = (): ServingThread => {
    if (closed) throw new Fault('not_running', 'The model server is closed', { remedy: 'Start the platform again.' })
    if (thread === undefined || !thread.alive()) thread = startServingThread(program)
    return thread
  }

  /** After a crash the first prediction of each model loads it again, from the same bytes or not at all. */
  const ready = (model: Deployed, id: number): Promise<void> => {
    const current = liveThread()
    if (model.thread !== current) {
      model.thread = current
      model.loading = loadInto(current, id, model.folder).then(() => undefined)
    }
    return model.loading
  }

  return {
    load: async (folder) => {
      const id = ++count
      const current = liveThread()
      const description = await loadInto(current, id, folder)
      const model: Deployed = { folder, description, thread: current, loading: Promise.resolve(), unloaded: false }
      return {
        description,
        problemOf: (instance) => problemOf(description, instance),
        predict: async (instances, signal) => {
          if (model.unloaded) throw statusError('FAILED_PRECONDITION', 'The model was undeployed')
          requireFitting(description, instances)
          const predictions: Json[] = []
          for (let from = 0; from < instances.length; from += chunkRows) {
            await ready(model, id)
            const rows = encode(description, instances.slice(from, from + chunkRows))
            const task = { kind: 'predict', model: id, output: outputOf(description), ...rows } as const
            const values = await model.thread.ask(task, predictTimeoutMs, signal).catch((error: unknown) => {
              throw explained(error, signal)
            })
            predictions.push(...decode(description, values, rows.rows))
          }
          return predictions
        },
        unload: async () => {
          model.unloaded = true
          if (model.thread.alive() && !closed)
            await model.thread.ask({ kind: 'unload', model: id }, predictTimeoutMs).catch(() => undefined)
        },
      }
    },
    close: async () => {
      closed = true
      await thread?.stop()
    },
  }
}

const loadInto = async (thread: ServingThread, model: number, folder: string): Promise<ModelDescription> => {
  const { description, graph } = await readModelFiles(folder)
  try {
    await thread.ask({ kind: 'load', model, graph }, loadTimeoutMs)
  } catch (error) {
    if (isFault(error)) throw error
    throw new Fault('deploy_failed', `The model in ${folder} cannot be loaded: ${messageOf(error)}`, {
      remedy: 'Check that model.onnx is a graph that ONNX Runtime takes.',
      cause: error,
    })
  }
  return description
}

const requireFitting = (description: ModelDescription, instances: readonly Json[]): void => {
  const problems: string[] = []
  instances.forEach((instance, index) => {
    const problem = problems.length < 5 ? problemOf(description, instance) : null
    if (problem !== null) problems.push(`Instance ${index}: ${problem}`)
  })
  if (problems.length > 0) throw statusError('INVALID_ARGUMENT', problems.join('\n'))
}

const explained = (error: unknown, signal: AbortSignal | undefined): unknown => {
  if (signal?.aborted) return error
  if (isFault(error)) return statusError('UNAVAILABLE', `${error.message}. ${error.remedy ?? ''}`, error)
  return statusError('INTERNAL', `The model failed: ${messageOf(error)}`, error)
}

const decode = (description: ModelDescription, values: Float32Array, rows: number): Json[] => {
  if (description.predictionType === 'regression') {
    const { lower, upper } = description.interval ?? { lower: 0, upper: 0 }
    return Array.from(values, (value) => ({ value, lower_bound: value + lower, upper_bound: value + upper }))
  }
  const { classes } = description
  return Array.from({ length: rows }, (_, row) => {
    const raw = values.subarray(row * classes.length, (row + 1) * classes.length)
    const sum = raw.reduce((total, value) => total + value, 0)
    return { classes, scores: Array.from(raw, (value) => value / sum) }
  })
}
