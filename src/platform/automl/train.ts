import { fileURLToPath } from 'node:url'
import { type PythonScript, readRequirements, runScript, type ScriptContext } from '../python-script.ts'
import type { TrainingRequest, TrainingResult } from './training.ts'

export const requirementsFile = new URL('./requirements.txt', import.meta.url)

const script: PythonScript = {
  work: 'training',
  file: fileURLToPath(new URL('./python/train.py', import.meta.url)),
  requirements: requirementsFile,
  faultCode: 'training_failed',
  timeoutMs: 60 * 60_000,
}

/** The pinned packages that local AutoML needs, one requirement each. */
export const automlRequirements = (): Promise<readonly string[]> => readRequirements(requirementsFile)

/**
 * Trains a model in a process of its own and writes it to `request.modelFolder`. Faults: training_failed (what is
 * wrong with data or arguments, and where), python_missing, environment_failed. Abort kills the process.
 */
export const train = async (
  request: TrainingRequest,
  context: ScriptContext,
  signal: AbortSignal,
): Promise<TrainingResult> => (await runScript(script, request, context, signal)) as unknown as TrainingResult
