import { tmpdir } from 'node:os'
import { Fault } from '../domain/errors.ts'
import { runProcess } from './run-process.ts'
import { scrubbedEnvironment } from './scrubbed-environment.ts'

export interface PythonInterpreter {
  /** The absolute path of the executable itself, past any shim. */
  readonly path: string
  /** `3.11.7` */
  readonly version: string
  /** `CPython linux-x86_64` */
  readonly platform: string
  /** False where `python -m venv` cannot put pip into an environment (Debian without python3-venv). */
  readonly hasEnsurepip: boolean
}

const oldest = [3, 10] as const
const remedy = 'install Python 3.10 or newer and put it on PATH as python3, or name it in the configuration'

const probe = `
import importlib.util, json, platform, sys, sysconfig
print(json.dumps({
  "path": sys.executable,
  "version": platform.python_version(),
  "platform": platform.python_implementation() + " " + sysconfig.get_platform(),
  "hasEnsurepip": importlib.util.find_spec("ensurepip") is not None,
}))
`

const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
}

/** Asks a Python what it is. Raises python_missing where there is none, it does not start, or it is too old. */
export const findPython = async (command: string): Promise<PythonInterpreter> => {
  const request = { command, args: ['-c', probe], cwd: tmpdir(), env: scrubbedEnvironment(), timeoutMs: 60_000 }
  const result = await runProcess(request).catch((cause: unknown) => {
    throw new Fault('python_missing', `no Python was found as ${command}`, { remedy, cause })
  })
  if (result.exitCode !== 0)
    throw new Fault('python_missing', `${command} does not start as Python (exit code ${result.exitCode})`, {
      remedy,
      details: result.stderr.trim().split('\n').slice(-10),
    })
  let found: PythonInterpreter
  try {
    found = JSON.parse(result.stdout) as PythonInterpreter
  } catch (cause) {
    throw new Fault('python_missing', `${command} did not answer as Python does`, { remedy, cause })
  }
  if (!isNewEnough(found.version))
    throw new Fault('python_missing', `${command} is Python ${found.version}; 3.10 or newer is needed`, { remedy })
  return found
}
