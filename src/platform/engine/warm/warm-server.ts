import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Json } from '../../../domain/json.ts'
import { lowerPriority } from '../../../processes/lower-priority.ts'
import { scopeVariable } from '../../../processes/process-table.ts'
import type { Enclose } from '../../../processes/run-process.ts'

/** What a forked task is given; `env` is its whole environment and names its scope. */
export interface ForkRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly log: string
  /** The module that runs as the main program, and its arguments. */
  readonly module: string
  readonly arguments: readonly string[]
}

interface ForkEnd {
  readonly exitCode: number | null
  readonly signal: string | null
  /** True where the server died, and the task with it. */
  readonly serverDied: boolean
  /** True where it is certain that nothing lives that the task has started. */
  readonly alone: boolean
}

interface Fork {
  /** The task's pid, which leads a session of its own; undefined where nothing of it has begun. */
  readonly begun: Promise<number | undefined>
  readonly ended: Promise<ForkEnd>
}

export interface WarmServer {
  /** Resident bytes when it had loaded its modules. */
  readonly memory: number
  readonly isDead: () => boolean
  fork(request: ForkRequest): Fork
  /** Ends the server and whatever it still runs; resolves when it is gone. */
  close(): Promise<void>
}

export interface WarmServerOptions {
  readonly python: string
  /** The module that tasks run as their main program: what it imports is loaded. */
  readonly executor: string
  /** What else is loaded; a module that cannot be is left out. */
  readonly modules: readonly string[]
  /** What the interpreter starts with. */
  readonly env: Readonly<Record<string, string>>
  /** The sandbox that it runs in with its tasks, and the pipeline root that they see there. */
  readonly enclosure?: { readonly artifactRoot: string; readonly enclose: Enclose }
}

type TaskMessage =
  | { readonly id: number; readonly pid: number }
  | { readonly id: number; readonly fault: string }
  | { readonly id: number; readonly code: number; readonly alone: boolean }
  | { readonly id: number; readonly signal: string; readonly alone: boolean }
type Message = { readonly ready: true; readonly memory: number } | { readonly unsafe: string } | TaskMessage

const script = fileURLToPath(new URL('../python/warm_server.py', import.meta.url))
/** Imports of a loaded machine take their time; one that never ends must not keep a task waiting. */
const startMs = 60_000
/** Holds the place of the tokens that tasks show in their environment, and is as long as one. */
const noScope = '0'.repeat(36)

const diedWithServer: ForkEnd = { exitCode: null, signal: 'SIGKILL', serverDied: true, alone: false }

interface Waiting {
  readonly begin: (pid: number | undefined) => void
  readonly end: (end: ForkEnd) => void
}

const bare: Enclose = (command, args) => [command, args]

const start = ({ python, executor, modules, env, enclosure }: WarmServerOptions): ChildProcess => {
  const [command, args] = (enclosure?.enclose ?? bare)(python, [script, executor, ...modules])
  return spawn(command, args, {
    cwd: '/',
    env: { ...env, [scopeVariable]: noScope },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    // Outside our group: a Ctrl-C is for the controller, which stops the tasks in order.
    detached: true,
  })
}

/**
 * Starts a fork server and waits until it has loaded its modules. Resolves with a text that says why where it cannot be
 * used: it did not start, or a fork of it would not be sound.
 */
export const startWarmServer = async (options: WarmServerOptions): Promise<WarmServer | string> => {
  const child = start(options)
  const channel = child.stdio[3] as Socket
  const waiting = new Map<number, Waiting>()
  let dead = false
  let next = 0
  let answer: (first: WarmServer | string) => void
  const first = new Promise<WarmServer | string>((resolve) => {
    answer = resolve
  })

  const gone = new Promise<void>((resolve) => {
    const onGone = (): void => {
      dead = true
      answer('it ended before it was ready')
      for (const { begin, end } of waiting.values()) {
        begin(undefined)
        end(diedWithServer)
      }
      waiting.clear()
      resolve()
    }
    // `close` comes when the channel's last words have been read too.
    child.once('close', onGone)
    child.once('error', onGone)
  })

  const server = (memory: number): WarmServer => ({
    memory,
    isDead: () => dead,
    fork(request) {
      const id = next
      next += 1
      const begun = Promise.withResolvers<number | undefined>()
      const ended = Promise.withResolvers<ForkEnd>()
      if (dead) {
        begun.resolve(undefined)
        ended.resolve(diedWithServer)
      } else waiting.set(id, { begin: begun.resolve, end: ended.resolve })
      channel.ref()
      channel.write(`${JSON.stringify({ id, ...request } satisfies Record<string, Json | undefined>)}\n`)
      return { begun: begun.promise, ended: ended.promise }
    },
    async close() {
      child.ref()
      channel.ref()
      channel.end()
      await gone
    },
  })

  const onTask = (message: TaskMessage): void => {
    const task = waiting.get(message.id)
    if (task === undefined) return
    if ('pid' in message) {
      task.begin(message.pid)
      return
    }
    waiting.delete(message.id)
    if (waiting.size === 0) channel.unref()
    // For one that has begun this changes nothing.
    task.begin(undefined)
    const code = 'code' in message ? message.code : null
    const alone = 'alone' in message && message.alone
    task.end({ exitCode: code, signal: 'signal' in message ? message.signal : null, serverDied: false, alone })
  }
  const onMessage = (message: Message): void => {
    if ('unsafe' in message) answer(message.unsafe)
    else if ('ready' in message) answer(server(message.memory))
    else onTask(message)
  }

  channel.on('error', () => {})
  createInterface(channel).on('line', (line) => onMessage(JSON.parse(line) as Message))
  if (child.pid !== undefined) lowerPriority(child.pid)
  const tooLate = setTimeout(() => child.kill('SIGKILL'), startMs)
  try {
    return await first
  } finally {
    clearTimeout(tooLate)
    // An idle server keeps nobody from ending, and ends with them; a task under way keeps its controller.
    child.unref()
    channel.unref()
  }
}
