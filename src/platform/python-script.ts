import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault, type FaultCode } from '../domain/errors.ts'
import { isJsonObject, type JsonObject } from '../domain/json.ts'
import type { PythonEnvironments } from '../processes/python-environments.ts'
import { runProcess, scrubbedEnvironment } from '../processes/run-process.ts'

/** What the scripts share: how faults are told. */
const shared = fileURLToPath(new URL('./python', import.meta.url))

/** A script of the platform's own: `python SCRIPT REQUEST.json RESULT.json`. */
export interface PythonScript {
  /** What it does, as a fault names it: `training`. Its files are `training-request.json` and `training-result.json`. */
  readonly work: string
  readonly file: string
  /** A requirements file: pinned packages, one a line. */
  readonly requirements: URL
  readonly faultCode: FaultCode
  /** Far above the longest honest run: what runs longer hangs. */
  readonly timeoutMs: number
}

export interface ScriptContext {
  readonly environments: PythonEnvironments
  /** Holds the request and the result. */
  readonly folder: string
  readonly log: (line: string) => void
}

export const readRequirements = async (file: URL): Promise<readonly string[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

/**
 * Runs a script in a process of its own and gives its result. Where the script ends with `{fault: {message, remedy,
 * details}}`, that is the Fault, with the script's code; python_missing, environment_failed. Abort kills the process.
 */
export const runScript = async (
  script: PythonScript,
  request: object,
  { environments, folder, log }: ScriptContext,
  signal: AbortSignal,
): Promise<JsonObject> => {
  const environment = await environments.ensure(await readRequirements(script.requirements), signal, log)
  await mkdir(folder, { recursive: true })
  const requestFile = join(folder, `${script.work}-request.json`)
  const resultFile = join(folder, `${script.work}-result.json`)
  await writeFile(requestFile, JSON.stringify(request))
  await writeFile(resultFile, '')
  const outcome = await runProcess(
    {
      command: environment.python,
      args: ['-u', script.file, requestFile, resultFile],
      cwd: folder,
      env: scrubbedEnvironment({
        OMP_NUM_THREADS: String(Math.min(availableParallelism(), 8)),
        // Threads that wait by spinning starve each other where other processes need the cores, too.
        OMP_WAIT_POLICY: 'PASSIVE',
        PYTHONHASHSEED: '0',
        PYTHONIOENCODING: 'utf-8',
        PYTHONPATH: shared,
      }),
      onLine: log,
      timeoutMs: script.timeoutMs,
      background: true,
    },
    signal,
  )
  signal.throwIfAborted()
  const result = parse(await readFile(resultFile, 'utf8'))
  if (outcome.exitCode === 0 && isJsonObject(result)) return result
  throw faultOf(script, result, outcome)
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const faultOf = (
  { work, faultCode, timeoutMs }: PythonScript,
  result: unknown,
  outcome: { exitCode: number | null; signal: string | null; timedOut: boolean; stderr: string },
): Fault => {
  const fault = isJsonObject(result) && isJsonObject(result['fault']) ? result['fault'] : undefined
  if (fault !== undefined) {
    const details = Array.isArray(fault['details']) ? fault['details'].map(String) : []
    return new Fault(faultCode, String(fault['message']), { remedy: String(fault['remedy']), details })
  }
  const details = outcome.stderr.trim().split('\n').slice(-10)
  if (outcome.timedOut)
    return new Fault(faultCode, `The ${work} was stopped after ${timeoutMs / 60_000} minutes`, {
      remedy: 'Give it fewer rows or a smaller budget.',
      details,
    })
  const end = outcome.signal === null ? `exit code ${outcome.exitCode}` : `signal ${outcome.signal}`
  return new Fault(faultCode, `The process of the ${work} ended with ${end} before it had a result`, {
    remedy: 'Signal SIGKILL mostly means that memory ran out: give it fewer rows. Otherwise see the task’s log.',
    details,
  })
}
