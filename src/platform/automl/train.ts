import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '../../domain/errors.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { PythonEnvironments } from '../../processes/python-environments.ts'
import { runProcess, scrubbedEnvironment } from '../../processes/run-process.ts'
import type { TrainingRequest, TrainingResult } from './training.ts'

const script = fileURLToPath(new URL('./python/train.py', import.meta.url))
const requirementsFile = new URL('./requirements.txt', import.meta.url)

/** Far above the longest search: a training that runs longer than this hangs. */
const timeoutMs = 60 * 60_000

/** The pinned packages that local AutoML needs, one requirement each. */
export const automlRequirements = async (): Promise<readonly string[]> =>
  (await readFile(requirementsFile, 'utf8'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

/**
 * Trains a model in a process of its own and writes it to `request.modelFolder`. `folder` holds the request and the
 * result. Faults: training_failed (what is wrong with data or arguments, and where), python_missing,
 * environment_failed. Abort kills the process.
 */
export const train = async (
  request: TrainingRequest,
  context: { environments: PythonEnvironments; folder: string; log: (line: string) => void },
  signal: AbortSignal,
): Promise<TrainingResult> => {
  const { folder, log } = context
  const environment = await context.environments.ensure(await automlRequirements(), signal, log)
  await mkdir(folder, { recursive: true })
  const requestFile = join(folder, 'training-request.json')
  const resultFile = join(folder, 'training-result.json')
  await writeFile(requestFile, JSON.stringify(request))
  await writeFile(resultFile, '')
  const outcome = await runProcess(
    {
      command: environment.python,
      args: ['-u', script, requestFile, resultFile],
      cwd: folder,
      env: scrubbedEnvironment({
        OMP_NUM_THREADS: String(Math.min(availableParallelism(), 8)),
        // Threads that wait by spinning starve each other where other processes need the cores, too.
        OMP_WAIT_POLICY: 'PASSIVE',
        PYTHONHASHSEED: '0',
        PYTHONIOENCODING: 'utf-8',
      }),
      onLine: log,
      timeoutMs,
      background: true,
    },
    signal,
  )
  signal.throwIfAborted()
  const result = parse(await readFile(resultFile, 'utf8'))
  if (outcome.exitCode === 0 && isJsonObject(result)) return result as unknown as TrainingResult
  throw faultOf(result, outcome)
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const faultOf = (
  result: unknown,
  outcome: { exitCode: number | null; signal: string | null; timedOut: boolean; stderr: string },
): Fault => {
  const fault = isJsonObject(result) && isJsonObject(result['fault']) ? result['fault'] : undefined
  if (fault !== undefined) {
    const details = Array.isArray(fault['details']) ? fault['details'].map(String) : []
    return new Fault('training_failed', String(fault['message']), { remedy: String(fault['remedy']), details })
  }
  const details = outcome.stderr.trim().split('\n').slice(-10)
  if (outcome.timedOut)
    return new Fault('training_failed', `Training was stopped after ${timeoutMs / 60_000} minutes`, {
      remedy: 'Give it fewer rows or a smaller budget.',
      details,
    })
  const end = outcome.signal === null ? `exit code ${outcome.exitCode}` : `signal ${outcome.signal}`
  return new Fault('training_failed', `The training process ended with ${end} before it had a result`, {
    remedy: 'Signal SIGKILL mostly means that memory ran out: give it fewer rows. Otherwise see the task’s log.',
    details,
  })
}
