import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PipelineSource } from '../../domain/build.ts'
import { type Digest, digestBytes, digestJson } from '../../domain/digest.ts'
import type { CompileResult } from '../../domain/ports.ts'
import { formatDuration } from '../../domain/time.ts'
import type { PythonEnvironment, PythonEnvironments } from '../../processes/python-environments.ts'
import { type ProcessResult, runProcess, scrubbedEnvironment } from '../../processes/run-process.ts'
import { CompileReport, explainRefusal } from './compile-report.ts'
import type { CompileLimits } from './compiler.ts'
import { checkedIr } from './ir.ts'
import type { Command, Isolate } from './isolation.ts'
import { findRepositoryFile, readCapped } from './repository-file.ts'
import { parseRequirements, type Requirements } from './requirements.ts'

type KfpSource = Extract<PipelineSource, { kind: 'kfp' }>
type Failure = Extract<CompileResult, { ok: false }>

/** For a pipeline whose `requirements` are not given. */
const defaultRequirements: readonly string[] = ['kfp==2.17.0']
const script = fileURLToPath(new URL('python/compile_kfp.py', import.meta.url))

const failure = (error: string, details: readonly string[] = [], log = ''): Failure => ({
  ok: false,
  error,
  details,
  log,
})

/** The requirements by their text, and our script: an environment need not be built to know what it would decide. */
export const fingerprintKfp = async (
  source: KfpSource,
  readRepositoryFile: (path: string) => Promise<string | undefined>,
): Promise<Digest> => {
  const text = source.requirements === undefined ? undefined : await readRepositoryFile(source.requirements)
  const requirements =
    source.requirements === undefined
      ? defaultRequirements
      : text === undefined
        ? null
        : (linesOf(parseRequirements(text, source.requirements)) ?? [text])
  return digestJson({ compiler: 'kfp', script: digestBytes(await readFile(script)), requirements })
}

const linesOf = (requirements: Requirements): readonly string[] | undefined =>
  requirements.ok ? [...requirements.lines].sort() : undefined

const readRequirements = async (folder: string, source: KfpSource): Promise<readonly string[] | Failure> => {
  if (source.requirements === undefined) return defaultRequirements
  const found = await findRepositoryFile(folder, source.requirements)
  if ('error' in found) return failure(found.error)
  const requirements = parseRequirements(await readFile(found.path, 'utf8'), source.requirements)
  if (requirements.ok) return requirements.lines
  const [first = ''] = requirements.faults
  return failure(first, requirements.faults)
}

/**
 * Compiles with the SDK that the repository's requirements name. Importing the source runs it: the process gets no
 * credentials (nothing of our environment but PATH and locale, a HOME of its own, no sight of our processes where the
 * machine can hide them), and its time and memory are limited.
 * Faults of Python and its environments are raised; whatever the repository can mend is a value.
 */
export const compileKfp = async (
  folder: string,
  source: KfpSource,
  ports: { readonly environments: PythonEnvironments; readonly isolate: Isolate; readonly limits: CompileLimits },
  signal: AbortSignal,
): Promise<CompileResult> => {
  const found = await findRepositoryFile(folder, source.file)
  if ('error' in found) return failure(found.error)
  const requirements = await readRequirements(folder, source)
  if ('ok' in requirements) return requirements
  const environment = await ports.environments.ensure(requirements, signal)
  const scratch = await mkdtemp(join(tmpdir(), 'winnow-compile-'))
  try {
    const output = join(scratch, 'report.json')
    const root = await realpath(folder)
    const python: Command = [
      environment.python,
      script,
      root,
      relative(root, found.path),
      source.function ?? '',
      output,
    ]
    const [command, ...args] = await ports.isolate(python, signal)
    const result = await runProcess(
      {
        command,
        args,
        cwd: root,
        env: compileEnvironment(environment, scratch),
        timeoutMs: ports.limits.timeout,
        memoryBytes: ports.limits.memoryBytes,
      },
      signal,
    )
    signal.throwIfAborted()
    return await readReport(source, result, { root, output, limits: ports.limits })
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** Even the settings of pip and proxies stay here: an index's address can hold a password. */
const compileEnvironment = (environment: PythonEnvironment, scratch: string): Record<string, string> => {
  const { PATH = '', LANG = 'C.UTF-8' } = scrubbedEnvironment()
  return {
    PATH: `${join(environment.folder, 'bin')}:${PATH}`,
    LANG,
    HOME: scratch,
    TMPDIR: scratch,
    VIRTUAL_ENV: environment.folder,
    PYTHONHASHSEED: '0',
    PYTHONNOUSERSITE: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONUTF8: '1',
  }
}

const readReport = async (
  source: KfpSource,
  result: ProcessResult,
  { root, output, limits }: { readonly root: string; readonly output: string; readonly limits: CompileLimits },
): Promise<CompileResult> => {
  // Where the checkout lay says nothing to the reader, and differs from one compile to the next.
  const streams = [result.stdout, result.stderr].map((text) => text.replaceAll(`${root}/`, '').trimEnd())
  const log = streams.filter((text) => text !== '').join('\n')
  const tail = log
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-10)
  if (result.timedOut)
    return failure(`${source.file}: it was not compiled after ${formatDuration(limits.timeout)}`, tail, log)
  const text = await readCapped(output, limits.maxIrBytes)
  if (text === undefined || result.exitCode !== 0) {
    const end = result.signal === null ? `exit code ${result.exitCode}` : result.signal
    return failure(
      `${source.file}: Python ended with ${end} and left no pipeline of at most ${limits.maxIrBytes} bytes`,
      tail,
      log,
    )
  }
  const report = parseReport(text)
  if (report === undefined) return failure(`${source.file}: what the compile left is no report`, tail, log)
  if (report.kind === 'pipeline')
    return checkedIr(JSON.stringify({ ...report.pipelineSpec, platformSpec: report.platformSpec }), source.file, log)
  const requirements = source.requirements ?? 'a requirements file, named by requirements: in winnow.yaml'
  const { error, details } = explainRefusal(report, source.file, source.function, requirements)
  return failure(error, details, log)
}

const parseReport = (text: string): CompileReport | undefined => {
  try {
    return CompileReport.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
