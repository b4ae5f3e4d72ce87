import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { createOutputTail, type OutputTail } from '../../processes/output-tail.ts'
import { signalProcess } from '../../processes/process-table.ts'
import type { ProcessRequest } from '../../processes/run-process.ts'
import type { RunResult } from './confined.ts'
import type { Command } from './isolation.ts'

/** What compile_worker.py says. */
type Answer =
  | { readonly ready: true }
  | { readonly unfit: true }
  | { readonly id: number; readonly stream: 'stdout' | 'stderr'; readonly data: string }
  | { readonly id: number; readonly exit: number | null; readonly signal: string | null }
  | { readonly id: number; readonly unconfined: true }

interface Compile {
  readonly tails: Readonly<Record<'stdout' | 'stderr', OutputTail>>
  readonly finish: (end: { readonly exit: number | null; readonly signal: string | null } | undefined) => void
}

/** A Python that has imported kfp and forks a child for each compile. */
export interface WarmWorker {
  readonly busy: number
  /** True once it takes nothing any more: it died, was closed, or found that it may not fork. */
  readonly gone: boolean
  /** True where the same environment would only fail again. */
  readonly unfit: boolean
  /** Runs the script's arguments in a child. Undefined where the worker could not: nothing is known of the compile then. */
  run(argv: readonly string[], request: ProcessRequest, signal: AbortSignal): Promise<RunResult | undefined>
  /** Imports modules for the compiles that come, while nobody waits. */
  preload(modules: readonly string[]): void
  close(): Promise<void>
}

const outputBytes = 1024 * 1024

/** Starts the worker; it needs no waiting for: a compile that comes before it is ready is done as soon as it is. */
export const startWarmWorker = (
  [command, ...args]: Command,
  environment: Readonly<Record<string, string>>,
): WarmWorker => {
  // Its own group: Ctrl-C at the terminal is for the controller, which then closes it. It ends by itself when we do.
  const child = spawn(command, args, { cwd: '/', env: environment, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const running = new Map<number, Compile>()
  let next = 1
  let gone = false
  let unfit = false

  const leave = (): void => {
    gone = true
    for (const compile of running.values()) compile.finish(undefined)
  }
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      leave()
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => {})
  child.stderr.resume()

  const kill = (): void => {
    if (child.pid !== undefined) signalProcess(-child.pid, 'SIGKILL')
  }
  const say = (words: unknown): void => void child.stdin.write(`${JSON.stringify(words)}\n`)
  const hear = (answer: Answer): void => {
    if ('ready' in answer) return
    if ('unfit' in answer) {
      unfit = true
      leave()
      return
    }
    const compile = running.get(answer.id)
    if ('stream' in answer) compile?.tails[answer.stream].push(Buffer.from(answer.data, 'base64'))
    else if ('unconfined' in answer) {
      unfit = true
      leave()
      kill()
    } else compile?.finish(answer)
  }
  createInterface(child.stdout).on('line', (line) => {
    try {
      hear(JSON.parse(line) as Answer)
    } catch {
      // Nothing but the worker writes there: one that talks nonsense is no worker any more.
      leave()
      kill()
    }
  })

  const holdProcess = (): void => {
    const hold = running.size > 0
    for (const part of [child, ...socketsOf(child)]) hold ? part.ref() : part.unref()
  }
  holdProcess()

  return {
    get busy() {
      return running.size
    },
    get gone() {
      return gone
    },
    get unfit() {
      return unfit
    },
    run(argv, request, signal) {
      if (gone) return Promise.resolve(undefined)
      const id = next++
      return new Promise((resolve) => {
        let timedOut = false
        let last: NodeJS.Timeout | undefined
        const stop = (): void => {
          say({ kill: id })
          // One that cannot even hear that is of no use to the others either.
          last ??= setTimeout(kill, deafMs)
        }
        const timer = setTimeout(() => {
          timedOut = true
          stop()
        }, request.timeoutMs)
        const tails = { stdout: createOutputTail(outputBytes), stderr: createOutputTail(outputBytes) }
        const finish: Compile['finish'] = (end) => {
          running.delete(id)
          holdProcess()
          clearTimeout(timer)
          clearTimeout(last)
          signal.removeEventListener('abort', stop)
          const known = end ?? (timedOut || signal.aborted ? { exit: null, signal: 'SIGKILL' } : undefined)
          resolve(
            known === undefined
              ? undefined
              : {
                  exitCode: known.exit,
                  signal: known.signal,
                  timedOut,
                  stdout: tails.stdout.text(),
                  stderr: tails.stderr.text(),
                },
          )
        }
        running.set(id, { tails, finish })
        holdProcess()
        signal.addEventListener('abort', stop, { once: true })
        say({ id, argv, cwd: request.cwd, env: request.env })
        if (signal.aborted) stop()
      })
    },
    preload(modules) {
      if (!gone) say({ preload: modules })
    },
    async close() {
      gone = true
      child.stdin.end()
      const patience = setTimeout(kill, deafMs)
      await ended
      clearTimeout(patience)
    },
  }
}

/** How long a worker may take to hear that a compile is to end, or that it is to end itself. */
const deafMs = 5_000

const socketsOf = (child: ChildProcessWithoutNullStreams): readonly Socket[] =>
  [child.stdin, child.stdout, child.stderr] as unknown as readonly Socket[]
