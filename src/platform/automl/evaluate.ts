import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../../domain/json.ts'
import { type PythonScript, runScript, type ScriptContext } from '../python-script.ts'
import { requirementsFile } from './train.ts'

/** Files of records, all of one format. A table's columns are the members of an instance, without `instance.`. */
export interface Records {
  readonly files: readonly string[]
  readonly format: 'jsonl' | 'csv' | 'table'
}

/** What evaluate.py reads. */
export interface EvaluationRequest {
  readonly problem: 'classification' | 'regression'
  readonly predictions: Records
  /** The path of the true value in a line of a batch prediction, such as `instance.species`. */
  readonly target: string
  /** Paths of scores (or the predicted value) and of their labels; by default those that AutoML models write. */
  readonly scores?: string
  readonly labels?: string
  /** The classes in the order of the scores, where the predictions do not name them. */
  readonly classes?: readonly string[]
  /** The classes to make slices of; by default every one. */
  readonly positiveClasses?: readonly string[]
  /** Where the instances of the predictions lack the target: joined by the members that both have. */
  readonly groundTruth?: Records
}

export interface EvaluationResult {
  /** With the names and shapes of Vertex AI's ModelEvaluation.metrics. */
  readonly metrics: JsonObject
  readonly slices: readonly { readonly value: string; readonly metrics: JsonObject }[]
  readonly rows: number
}

const script: PythonScript = {
  work: 'evaluation',
  file: fileURLToPath(new URL('./python/evaluate.py', import.meta.url)),
  requirements: requirementsFile,
  faultCode: 'evaluation_failed',
  timeoutMs: 30 * 60_000,
}

/** Judges batch predictions by the truth. Faults: evaluation_failed (which field of which line), and as `train`. */
export const evaluate = async (
  request: EvaluationRequest,
  context: ScriptContext,
  signal: AbortSignal,
): Promise<EvaluationResult> => (await runScript(script, request, context, signal)) as unknown as EvaluationResult
