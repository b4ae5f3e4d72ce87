import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** Asks again until there is an answer; fails with what it waited for. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  deadline = 180_000,
): Promise<T> => {
  const end = Date.now() + deadline
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`Waited ${deadline / 1_000} s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ControllerProcess {
  readonly pid: number
  /** Everything that it has written so far, its log among it. */
  readonly output: () => string
  readonly ended: Promise<Ended>
  readonly signal: (signal: NodeJS.Signals) => void
}

/** Starts the real `winnow serve` as a child; it may not be ready yet. What this machine's environment says of databases is left out. */
export const spawnController = (
  configFile: string,
  environment: Readonly<Record<string, string>> = {},
): ControllerProcess => {
  const { DATABASE_URL: _, REDIS_URL: __, ...inherited } = process.env
  const child: ChildProcess = spawn(process.execPath, [entry, 'serve', '--config', configFile], {
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const ended = once(child, 'close').then(([exitCode, signal]) => ({ exitCode, signal }) as Ended)
  return { pid: child.pid as number, output: () => output, ended, signal: (signal) => void child.kill(signal) }
}

/** Resolves once it says that it is ready; fails, with what it wrote, where it ends before. */
export const untilReady = async (controller: ControllerProcess, url: string): Promise<void> => {
  let over: Ended | undefined
  void controller.ended.then((ended) => {
    over = ended
  })
  await until(`the controller at ${url}`, async () => {
    if (over !== undefined)
      throw new Error(`the controller ended (${over.exitCode ?? over.signal}):\n${controller.output()}`)
    return fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
  })
}
