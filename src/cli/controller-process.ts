import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Fault } from '../domain/errors.ts'

export interface ControllerProcess {
  readonly pid: number
  /** SIGTERM, then waits until it has drained. */
  readonly stop: () => Promise<void>
  /** Lets it live on when this process ends. */
  readonly release: () => void
}

const startTimeoutMs = 60_000
/** The CLI's own entry, .ts from source and .js from a build. */
const entry = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url))

/** Starts `winnow serve` as a process of its own and waits until it is ready. Its log goes to a file. */
export const startController = async (options: {
  configFile: string
  url: string
  logFile: string
}): Promise<ControllerProcess> => {
  const log = await open(options.logFile, 'a')
  const child = spawn(process.execPath, [entry, 'serve', '--config', options.configFile], {
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  })
  await log.close()
  // It is in a group of its own, so that Ctrl-C does not reach it: whoever started it passes the end on.
  const passOn = (signal: NodeJS.Signals): void => {
    child.kill('SIGTERM')
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, passOn)
  const letGo = (): void => {
    for (const signal of signals) process.off(signal, passOn)
  }
  await untilReady(child, options)
  return {
    pid: child.pid as number,
    stop: async () => {
      letGo()
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
    release: () => {
      letGo()
      child.unref()
    },
  }
}

const untilReady = async (child: ChildProcess, { url, logFile }: { url: string; logFile: string }): Promise<void> => {
  const deadline = Date.now() + startTimeoutMs
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Fault('not_running', 'The controller ended while it was starting', {
        details: await lastLines(logFile),
      })
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) return
    await wait(100)
  }
  child.kill('SIGKILL')
  throw new Fault('not_running', `The controller was not ready after ${startTimeoutMs / 1_000} s`, {
    details: await lastLines(logFile),
  })
}

const lastLines = async (file: string): Promise<readonly string[]> =>
  (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-12)
