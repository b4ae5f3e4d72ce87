import { readFile, realpath } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PipelineSource } from '../../domain/build.ts'
import { type Digest, digestBytes, digestJson } from '../../domain/digest.ts'
import type { CompileResult } from '../../domain/ports/compiler.ts'
import type { PythonEnvironment, PythonEnvironments } from '../../processes/python-environments.ts'
import { scrubbedEnvironment } from '../../processes/run-process.ts'
import { type CompileReport, explainRefusal, parseReport, type Sdk } from './compile-report.ts'
import type { CompileLimits } from './compiler.ts'
import { type Refusal, type Run, refusal, runConfined } from './confined.ts'
import { checkedIr } from './ir.ts'
import { findRepositoryFile } from './repository-file.ts'
import { parseRequirements, type Requirements } from './requirements.ts'

export type PythonSource = Extract<PipelineSource, { kind: 'kfp' | 'tfx' }>

const scriptsFolder = fileURLToPath(new URL('python/', import.meta.url))
const pythonScript = (name: string): string => join(scriptsFolder, name)

/** The requirements by their text, and our scripts: an environment need not be built to know what it would decide. */
export const fingerprintPython = async (
  source: PythonSource,
  sdk: Sdk,
  readRepositoryFile: (path: string) => Promise<string | undefined>,
): Promise<Digest> => {
  const text = source.requirements === undefined ? undefined : await readRepositoryFile(source.requirements)
  const requirements =
    source.requirements === undefined
      ? sdk.requirements
      : text === undefined
        ? null
        : (linesOf(parseRequirements(text, source.requirements)) ?? [text])
  const scripts = await Promise.all(
    ['_winnow_source.py', sdk.script].map(async (name) => digestBytes(await readFile(pythonScript(name)))),
  )
  return digestJson({ compiler: source.kind, scripts, requirements })
}

const linesOf = (requirements: Requirements): readonly string[] | undefined =>
  requirements.ok ? [...requirements.lines].sort() : undefined

const readRequirements = async (
  folder: string,
  source: PythonSource,
  sdk: Sdk,
): Promise<readonly string[] | Refusal> => {
  if (source.requirements === undefined)
    return sdk.requirements.length > 0
      ? sdk.requirements
      : refusal(
          `${source.file}: no version of ${sdk.name} is a default: add ${sdk.name} to a requirements file, such as ${sdk.example}, and name it with requirements:`,
        )
  const found = await findRepositoryFile(folder, source.requirements)
  if ('error' in found) return refusal(found.error)
  const requirements = parseRequirements(await readFile(found.path, 'utf8'), source.requirements)
  if (requirements.ok) return requirements.lines
  const [first = ''] = requirements.faults
  return refusal(first, requirements.faults)
}

/** Where the Python that an environment was made of lies: `/x/bin/python3.11` → `/x`. */
const installationOf = async (python: string): Promise<string> => dirname(dirname(await realpath(python)))

/** Runs a compile in an environment: always in a process of its own. `report` is told what came out of it. */
export interface PythonRun {
  readonly run: Run
  readonly compiled?: (report: CompileReport) => void
}

export interface PythonPorts {
  readonly environments: PythonEnvironments
  readonly limits: CompileLimits
  readonly runIn: (environment: PythonEnvironment) => PythonRun
}

/**
 * Compiles with the SDK that the repository's requirements name, confined as runConfined says.
 * Faults of Python and its environments are raised; whatever the repository can mend is a value.
 */
export const compilePython = async (
  folder: string,
  source: PythonSource,
  sdk: Sdk,
  ports: PythonPorts,
  signal: AbortSignal,
): Promise<CompileResult> => {
  const found = await findRepositoryFile(folder, source.file)
  if ('error' in found) return refusal(found.error)
  const requirements = await readRequirements(folder, source, sdk)
  if ('ok' in requirements) return requirements
  const environment = await ports.environments.ensure(requirements, signal)
  const { run, compiled } = ports.runIn(environment)
  const outcome = await runConfined(
    {
      folder,
      file: source.file,
      command: (root) => [
        environment.python,
        pythonScript(sdk.script),
        root,
        relative(root, found.path),
        source.function ?? '',
      ],
      environment: (scratch) => compileEnvironment(environment, scratch),
      readable: [environment.folder, await installationOf(environment.python), scriptsFolder],
      runtime: 'Python',
    },
    ports.limits,
    run,
    signal,
  )
  if (!outcome.ok) return outcome
  const report = parseReport(outcome.report)
  if (report === undefined) return refusal(`${source.file}: what the compile left is no report`, [], outcome.log)
  compiled?.(report)
  if (report.kind === 'pipeline') {
    const { pipelineSpec, platformSpec } = report
    return checkedIr(JSON.stringify({ ...pipelineSpec, platformSpec }), source.file, outcome.log)
  }
  if (report.kind === 'job') return checkedIr(JSON.stringify(report.job), source.file, outcome.log)
  const { error, details } = explainRefusal(report, { ...source, asked: source.function }, sdk)
  return refusal(error, details, outcome.log)
}

/** Even the settings of pip and proxies stay here: an index's address can hold a password. */
export const compileEnvironment = (environment: PythonEnvironment, home: string): Record<string, string> => {
  const { PATH = '', LANG = 'C.UTF-8' } = scrubbedEnvironment()
  return {
    PATH: `${join(environment.folder, 'bin')}:${PATH}`,
    LANG,
    HOME: home,
    TMPDIR: home,
    VIRTUAL_ENV: environment.folder,
    PYTHONHASHSEED: '0',
    PYTHONNOUSERSITE: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONUTF8: '1',
  }
}
