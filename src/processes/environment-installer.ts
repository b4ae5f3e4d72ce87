import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestJson } from '../domain/digest.ts'
import { Fault } from '../domain/errors.ts'
import type { PythonInterpreter } from './python-interpreter.ts'
import { type ProcessResult, runProcess } from './run-process.ts'
import { scrubbedEnvironment } from './scrubbed-environment.ts'

export interface Installation {
  readonly python: PythonInterpreter
  /** Where the environment is made; must not exist yet. */
  readonly folder: string
  readonly requirements: readonly string[]
  readonly signal: AbortSignal
  readonly progress: (line: string) => void
}

const tailLines = 30
/** Less than this is no room: an installer stops at the file that does not fit and leaves some. */
const probeBytes = 1024 * 1024
/** Packages asked for as `--no-deps NAME`: installed alone, before the others. */
const alone = /^--no-deps\s+/

const freeze = `
import importlib.metadata as m, json
print(json.dumps(sorted({d.metadata["Name"].lower() + "==" + d.version for d in m.distributions()})))
`

/** PyPI's uv answers with its name and version; other programs of that name do not. */
const findUv = async (folder: string): Promise<boolean> => {
  const request = { command: 'uv', args: ['--version'], cwd: folder, env: scrubbedEnvironment(), timeoutMs: 20_000 }
  const result = await runProcess(request).catch(() => undefined)
  return result?.exitCode === 0 && /^uv \d/.test(result.stdout)
}

/** uv does not read pip's settings: what pip was told about indexes is handed on where uv was told nothing. */
const uvEnvironment = (): Record<string, string> => {
  const env = scrubbedEnvironment()
  const handOn = { PIP_INDEX_URL: 'UV_INDEX_URL', PIP_EXTRA_INDEX_URL: 'UV_EXTRA_INDEX_URL' }
  for (const [from, to] of Object.entries(handOn)) {
    const value = env[from]
    if (value !== undefined && env[to] === undefined && env['UV_DEFAULT_INDEX'] === undefined) env[to] = value
  }
  return env
}

const tailOf = ({ stdout, stderr }: ProcessResult): readonly string[] =>
  `${stdout}\n${stderr}`
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-tailLines)

/** venv runs pip inside and swallows what it says, so a full disk is asked for as well as read about. */
const isFull = async (folder: string, { stdout, stderr }: ProcessResult): Promise<boolean> => {
  if (/\bENOSPC\b|No space left on device|Disk quota exceeded/i.test(stdout + stderr)) return true
  const probe = join(folder, `.room-${randomBytes(4).toString('hex')}`)
  try {
    await writeFile(probe, Buffer.alloc(probeBytes))
    return false
  } catch (error) {
    return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
  } finally {
    await rm(probe, { force: true }).catch(() => {})
  }
}

/**
 * Makes a virtual environment in `folder` and installs the requirements: with uv where it is, else with venv and pip.
 * Returns the digest of what was installed. Raises environment_failed with the tail of the installer's output.
 */
export const installEnvironment = async (installation: Installation): Promise<Digest> => {
  const { python, folder, requirements, signal, progress } = installation
  const parent = join(folder, '..')
  const withUv = await findUv(parent)
  const env = withUv ? uvEnvironment() : scrubbedEnvironment()
  const inside = join(folder, 'bin', 'python')

  const step = async (what: string, command: string, args: readonly string[], remedy: string): Promise<string> => {
    const result = await runProcess({ command, args, cwd: parent, env, onLine: progress, background: true }, signal)
    signal.throwIfAborted()
    if (result.exitCode === 0) return result.stdout
    if (await isFull(parent, result))
      throw new Fault('disk_full', `${what} failed: no space is left on the disk of ${parent}`, {
        remedy: `make room there, or put the environments elsewhere`,
        details: tailOf(result),
      })
    throw new Fault('environment_failed', `${what} failed: ${tailOf(result).at(-1) ?? 'no output'}`, {
      remedy,
      details: tailOf(result),
      // A network may come back; a requirement that does not exist will not. Installers do not tell them apart.
      retryable: false,
    })
  }

  const venvRemedy = 'install the venv package of this Python (on Debian and Ubuntu: apt install python3-venv), or uv'
  if (withUv)
    await step(
      `making a virtual environment with ${python.path}`,
      'uv',
      ['venv', '--quiet', '--python', python.path, '--no-python-downloads', folder],
      venvRemedy,
    )
  else if (!python.hasEnsurepip)
    throw new Fault('environment_failed', `${python.path} cannot make virtual environments: its ensurepip is missing`, {
      remedy: venvRemedy,
    })
  else await step(`making a virtual environment with ${python.path}`, python.path, ['-m', 'venv', folder], venvRemedy)

  const install = async (file: string, lines: readonly string[], options: readonly string[]): Promise<void> => {
    if (lines.length === 0) return
    const list = join(folder, file)
    await writeFile(list, `${lines.join('\n')}\n`)
    const packages = lines.filter((line) => !line.startsWith('-')).join(', ')
    const remedy = 'check the names and versions of the requirements, and that the package index can be reached'
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...options, '-r', list]
    const uv = ['pip', 'install', '--compile-bytecode', '--python', inside, ...options, '-r', list]
    await step(`installing ${packages}`, withUv ? 'uv' : inside, withUv ? uv : pip, remedy)
  }
  const single = requirements.filter((line) => alone.test(line)).map((line) => line.replace(alone, ''))
  const rest = requirements.filter((line) => !alone.test(line))
  await install('requirements-alone.txt', single, ['--no-deps'])
  await install('requirements.txt', rest, [])

  const installed = await step('listing the packages', inside, ['-I', '-c', freeze], venvRemedy)
  return digestJson({
    python: python.version,
    platform: python.platform,
    packages: JSON.parse(installed) as readonly string[],
  })
}
