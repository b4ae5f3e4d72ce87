import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

export interface ControllerOptions {
  readonly role: 'web' | 'worker' | 'all'
  readonly configFile: string
  readonly environment: Readonly<Record<string, string>>
  readonly logFile: string
}

/** One process of Winnow that is started again whenever it is killed. */
export interface Controller {
  readonly role: ControllerOptions['role']
  /** Undefined between two lives. */
  readonly pid: () => number | undefined
  /** How often it was started. */
  readonly lives: () => number
  /** Ends that nobody asked for: exit codes and signals. */
  readonly faults: () => readonly string[]
  readonly start: () => Promise<void>
  /** `kill -9`, and the next life begins at once. */
  readonly kill: () => Promise<void>
  /** SIGTERM, and no life after it. Resolves with the exit code. */
  readonly stop: () => Promise<number | null>
}

/**
 * MiB that V8 may keep, about four times what a worker lives on: on a large machine the collector leaves so much for later
 * that a leak could not be told from it, and a process that leaks for long ends by itself.
 */
const heapLimit = 512

const alive = new Set<ChildProcess>()
// Whatever ends this process, no controller outlives it.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** Whether the last line but one of a log names this fault: the last says what to do about it. */
const lastWords = async (logFile: string, code: string): Promise<boolean> =>
  (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-2).join('').includes(`[${code}]`)

/** Starts the real `winnow serve`; what this machine's environment says of Winnow is left out. */
export const createController = ({ role, configFile, environment, logFile }: ControllerOptions): Controller => {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:WINNOW_|DATABASE_URL$|REDIS_URL$)/.test(name)),
  )
  const faults: string[] = []
  let child: ChildProcess | undefined
  let ended: Promise<number | null> = Promise.resolve(null)
  let asked = false
  let lives = 0

  const start = async (): Promise<void> => {
    const log = await open(logFile, 'a')
    const born = spawn(process.execPath, [entry, 'serve', '--config', configFile, '--role', role], {
      env: {
        ...inherited,
        ...environment,
        NODE_OPTIONS: `${inherited['NODE_OPTIONS'] ?? ''} --max-old-space-size=${heapLimit}`,
      },
      stdio: ['ignore', log.fd, log.fd],
    })
    await log.close()
    lives += 1
    asked = false
    child = born
    alive.add(born)
    ended = once(born, 'close').then(async ([code, signal]) => {
      alive.delete(born)
      child = undefined
      if (asked) return code
      // Whoever runs it starts it again, as a service manager does; a database that is away is a reason.
      if (await lastWords(logFile, 'store_unavailable')) await pause(200)
      else faults.push(`${role} ended by itself (${code ?? signal})`)
      await start()
      return code
    })
  }
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    asked = true
    child?.kill(signal)
    return ended
  }

  return {
    role,
    pid: () => child?.pid,
    lives: () => lives,
    faults: () => faults,
    start,
    kill: async () => {
      // Between two lives there is nobody to kill.
      if (child === undefined) return void (await ended)
      await end('SIGKILL')
      await start()
    },
    stop: () => end('SIGTERM'),
  }
}
