import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CompileResult } from '../../domain/ports/compiler.ts'
import { formatDuration } from '../../domain/time.ts'
import { type ProcessRequest, type ProcessResult, runProcess } from '../../processes/run-process.ts'
import type { CompileLimits } from './compiler.ts'
import type { Command, Isolate } from './isolation.ts'
import { readCapped } from './repository-file.ts'

export type Refusal = Extract<CompileResult, { ok: false }>

export const refusal = (error: string, details: readonly string[] = [], log = ''): Refusal => ({
  ok: false,
  error,
  details,
  log,
})

export type RunResult = Pick<ProcessResult, 'exitCode' | 'signal' | 'timedOut' | 'stdout' | 'stderr'>

/** Where a compile works: the checkout, a folder to write in, the file for its report, and what else it must read. */
interface Room {
  readonly root: string
  readonly scratch: string
  readonly output: string
  readonly readable: readonly string[]
}

/** Runs a process of its own to its end; the request has all that the process may have. */
export type Run = (request: ProcessRequest, signal: AbortSignal, room: Room) => Promise<RunResult>

/** A compile that runs the user's code: where it lies, and the command, which is given the file for its report last. */
export interface ConfinedCompile {
  readonly folder: string
  /** Relative to the repository's root. */
  readonly file: string
  readonly command: (root: string, scratch: string) => Command
  readonly environment: (scratch: string) => Readonly<Record<string, string>>
  /** What the command needs to read besides the checkout: its runtime, its packages, its script. */
  readonly readable: readonly string[]
  /** Who runs it, for a message: Python, Node. */
  readonly runtime: string
}

export interface Compiled {
  readonly ok: true
  /** What the command left in its file. */
  readonly report: string
  readonly log: string
}

/**
 * Runs a source without credentials: nothing of our environment but what `environment` names, a HOME of its own, no sight of our
 * processes where the machine can hide them, limits on time and memory. What it left is text that nobody has vouched for.
 */
export const runConfined = async (
  compile: ConfinedCompile,
  limits: CompileLimits,
  run: Run,
  signal: AbortSignal,
): Promise<Compiled | Refusal> => {
  const scratch = await mkdtemp(join(tmpdir(), 'winnow-compile-'))
  try {
    const output = join(scratch, 'report.json')
    const root = await realpath(compile.folder)
    const [command, ...args] = compile.command(root, scratch)
    const result = await run(
      {
        command,
        args: [...args, output],
        cwd: root,
        env: compile.environment(scratch),
        timeoutMs: limits.timeout,
        memoryBytes: limits.memoryBytes,
      },
      signal,
      { root, scratch, output, readable: compile.readable },
    )
    signal.throwIfAborted()
    return await readOutcome(compile, result, { root, output, limits })
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** The plain way to run: a fresh process, out of sight of ours where the machine can do that. */
export const coldRun =
  (isolate: Isolate): Run =>
  async (request, signal) => {
    const { memoryBytes } = request
    const [command, ...args] = withDataLimit(await isolate([request.command, ...request.args], signal), memoryBytes)
    return runProcess(
      { ...request, command, args, ...(memoryBytes === undefined ? {} : { memoryBytes: memoryBytes + overhead }) },
      signal,
    )
  }

/** What the limit on all that a compile starts has over that of each process: the one that grows is to learn it first. */
const overhead = 256 * 1024 ** 2

/** A process that is refused memory says in which line; one that is killed for it says nothing. */
const withDataLimit = (command: Command, bytes: number | undefined): Command =>
  bytes === undefined
    ? command
    : ['/bin/sh', '-c', 'ulimit -d "$1" && shift && exec "$@"', 'sh', String(Math.ceil(bytes / 1024)), ...command]

const readOutcome = async (
  { file, runtime }: ConfinedCompile,
  result: RunResult,
  { root, output, limits }: { readonly root: string; readonly output: string; readonly limits: CompileLimits },
): Promise<Compiled | Refusal> => {
  // Where the checkout lay says nothing to the reader, and differs from one compile to the next.
  const streams = [result.stdout, result.stderr].map((text) => text.replaceAll(`${root}/`, '').trimEnd())
  const log = streams.filter((text) => text !== '').join('\n')
  const tail = log
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-10)
  if (result.timedOut) return refusal(`${file}: it was not compiled after ${formatDuration(limits.timeout)}`, tail, log)
  const report = await readCapped(output, limits.maxIrBytes)
  if (report !== undefined && result.exitCode === 0) return { ok: true, report, log }
  const end = result.signal === null ? `exit code ${result.exitCode}` : result.signal
  return refusal(
    `${file}: ${runtime} ended with ${end} and left no pipeline of at most ${limits.maxIrBytes} bytes`,
    tail,
    log,
  )
}
