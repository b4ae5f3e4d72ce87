import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { accessSync, constants, createWriteStream, statSync, type WriteStream } from 'node:fs'
import { isAbsolute } from 'node:path'
import { finished } from 'node:stream/promises'
import { Fault, messageOf } from '../domain/errors.ts'
import { lowerPriority } from './lower-priority.ts'
import { guardMemory, type MemoryGuard, type MemoryUse } from './memory-guard.ts'
import { createOutputTail } from './output-tail.ts'
import { currentScope } from './process-scope.ts'
import { identify, type ProcessIdentity, scopeVariable, signalProcess } from './process-table.ts'

export { scrubbedEnvironment } from './scrubbed-environment.ts'

export interface ProcessRequest {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment of the child: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Both streams are appended to this file, if given. */
  readonly logFile?: string
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void
  readonly onStart?: (process: ProcessIdentity) => void
  /** Work that may wait: it gives way to the controller where both want the processor. */
  readonly background?: boolean
  /** Milliseconds after which the whole process group is killed. */
  readonly timeoutMs?: number
  /** The most memory that it may hold together with all that it starts. */
  readonly memoryBytes?: number
  /** Puts another program around the command (a sandbox), which then runs it; limits hold for both. */
  readonly enclose?: Enclose
  /** Of the captured text of each stream; the tail is kept. Default 1 MiB. */
  readonly maxOutputBytes?: number
}

export interface ProcessResult {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
  /** Known where the process was started with a guard. */
  readonly memory?: MemoryUse
}

export type Enclose = (command: string, args: readonly string[]) => readonly [string, readonly string[]]

/** Between SIGTERM and SIGKILL: long enough to write a last line, short enough for a person who waits. */
const graceMs = 2_000
/** How long pipes may stay open after the group is dead: a daemon that left the group can hold them for ever. */
const drainMs = 1_000
/** What shells and sandboxes exit with when the process inside them was killed: 128 + SIGKILL. */
const killedInside = 137
const mebibyte = 1024 * 1024

const cannotStart = (request: ProcessRequest, cause: unknown): Fault =>
  new Fault('process_failed', `cannot start ${request.command} in ${request.cwd}: ${messageOf(cause)}`, {
    remedy: `install ${request.command}, or correct the path to it`,
    cause,
  })

const requireStartable = (request: ProcessRequest): void => {
  try {
    // spawn reports a missing working folder as a missing command: tell them apart.
    if (!statSync(request.cwd).isDirectory()) throw new Error(`${request.cwd} is not a folder`)
    if (isAbsolute(request.command)) accessSync(request.command, constants.X_OK)
  } catch (cause) {
    throw cannotStart(request, cause)
  }
}

/** Starts the child; some reasons why it cannot are thrown, others come as an event, with no streams to listen to. */
const startChild = async (
  request: ProcessRequest,
  env: Readonly<Record<string, string>>,
  guard: MemoryGuard,
): Promise<ChildProcessWithoutNullStreams & { readonly pid: number }> => {
  const [command, args] = guard.enclose(...(request.enclose ?? bare)(request.command, request.args))
  let child: ChildProcessWithoutNullStreams
  try {
    child = spawn(command, args, { cwd: request.cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  } catch (cause) {
    throw cannotStart(request, cause)
  }
  if (child.pid === undefined) throw cannotStart(request, await new Promise((resolve) => child.once('error', resolve)))
  child.on('error', () => {})
  if (request.background) lowerPriority(child.pid)
  return child as ChildProcessWithoutNullStreams & { readonly pid: number }
}

const bare: Enclose = (command, args) => [command, args]

const openLog = (path: string | undefined): WriteStream | undefined =>
  path === undefined ? undefined : createWriteStream(path, { flags: 'a' })

/**
 * Runs a program as the leader of its own process group and waits for its end. A time-out or an abort kills the group
 * (SIGTERM, then SIGKILL) and resolves; when the leader ends, the rest of its group is killed too, so nothing is
 * left behind. Rejects only where the program cannot be started, or its log cannot be written (Fault process_failed).
 */
export const runProcess = async (request: ProcessRequest, signal?: AbortSignal): Promise<ProcessResult> => {
  const begun = performance.now()
  const since = (): number => Math.round(performance.now() - begun)
  if (signal?.aborted)
    return {
      exitCode: null,
      signal: 'SIGTERM',
      timedOut: false,
      stdout: '',
      stderr: '',
      durationMs: 0,
    }
  requireStartable(request)

  const scope = currentScope()
  const env = scope === undefined ? request.env : { ...request.env, [scopeVariable]: scope.token }
  const guard = guardMemory(request.memoryBytes)
  const child = await startChild(request, env, guard).catch(async (fault: unknown) => {
    await guard.end(false)
    throw fault
  })
  guard.watch(child.pid, () => signalProcess(-child.pid, 'SIGKILL'))
  const log = openLog(request.logFile)
  let logFault: unknown
  log?.on('error', (error) => {
    logFault ??= error
    endGroup()
    child.stdout.resume()
    child.stderr.resume()
  })

  const capacity = request.maxOutputBytes ?? mebibyte
  const tails = { stdout: tailOf('stdout'), stderr: tailOf('stderr') }
  function tailOf(stream: 'stdout' | 'stderr') {
    const { onLine } = request
    const tail = createOutputTail(capacity, onLine === undefined ? undefined : (line) => onLine(line, stream))
    child[stream].on('data', (chunk: Buffer) => {
      tail.push(chunk)
      if (log === undefined || logFault !== undefined || log.write(chunk)) return
      child[stream].pause()
      log.once('drain', () => child[stream].resume())
    })
    child[stream].on('end', () => tail.end())
    child[stream].on('error', () => {})
    return tail
  }

  let killer: NodeJS.Timeout | undefined
  function endGroup(): void {
    if (killer !== undefined || child.exitCode !== null || child.signalCode !== null) return
    const group = -child.pid
    signalProcess(group, 'SIGTERM')
    killer = setTimeout(() => signalProcess(group, 'SIGKILL'), graceMs)
  }

  const closed = new Promise<void>((resolve) => {
    child.once('exit', () => {
      signalProcess(-child.pid, 'SIGKILL')
      const pipes = [child.stdout, child.stderr]
      // Timers come before what lies in the pipes: after an event loop that stood still, that is read first.
      const giveUp = () => setImmediate(() => (pipes.some((pipe) => pipe.isPaused()) ? drain.refresh() : end()))
      const end = () => pipes.forEach((pipe) => void pipe.destroy())
      const drain = setTimeout(giveUp, drainMs)
      child.once('close', () => {
        clearTimeout(drain)
        resolve()
      })
    })
  })

  const identity = identify(child.pid)
  scope?.onStart(identity)
  request.onStart?.(identity)

  let timedOut = false
  const timer =
    request.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true
          endGroup()
        }, request.timeoutMs)
  signal?.addEventListener('abort', endGroup, { once: true })
  if (signal?.aborted) endGroup()

  // A program that does not read its input closes the pipe: that is its right.
  child.stdin.on('error', () => {})
  child.stdin.end(request.stdin ?? '')

  await closed
  clearTimeout(timer)
  clearTimeout(killer)
  signal?.removeEventListener('abort', endGroup)
  const memory = await guard.end(child.signalCode === 'SIGKILL' || child.exitCode === killedInside)
  if (log !== undefined && logFault === undefined) {
    log.end()
    await finished(log).catch(() => {})
  }
  if (logFault !== undefined) {
    const code = (logFault as NodeJS.ErrnoException).code === 'ENOSPC' ? 'disk_full' : 'process_failed'
    throw new Fault(code, `cannot write the log ${request.logFile}: ${messageOf(logFault)}`, { cause: logFault })
  }
  return {
    exitCode: child.exitCode,
    signal: child.signalCode,
    timedOut,
    stdout: tails.stdout.text(),
    stderr: tails.stderr.text(),
    durationMs: since(),
    memory,
  }
}
