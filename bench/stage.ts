import { execFile } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { startController } from '../src/cli/controller-process.ts'
import { freePort } from '../src/cli/free-port.ts'
import type { Json } from '../src/domain/json.ts'

const run = promisify(execFile)
const secret = 'a secret that only this benchmark knows'
const repository = 'bench'

/** A controller in a process of its own, everything embedded, with one Git repository that it knows. */
export interface Stage extends AsyncDisposable {
  readonly folder: string
  readonly url: string
  readonly pid: number
  /** Where the embedded platform's gRPC listens. */
  readonly platformPort: number
  /** Makes a commit on a branch; commits of the same files have the same tree. */
  readonly commit: (branch: string, files: Readonly<Record<string, string>>) => Promise<string>
  readonly api: <T>(path: string, body?: Json) => Promise<T>
}

/** Starts it in a fresh temp folder; disposing of it stops the process and removes the folder. */
export const openStage = async (): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-bench-'))
  const work = join(folder, 'work')
  const url = `http://127.0.0.1:${await freePort()}`
  const platformPort = await freePort()
  const git = async (...args: readonly string[]): Promise<string> =>
    (await run('git', ['-C', work, '-c', 'user.name=bench', '-c', 'user.email=bench@localhost', ...args])).stdout.trim()
  await mkdir(work)
  await git('init', '--quiet', '--initial-branch=main')
  await writeFile(join(folder, 'secret'), secret)
  const configFile = join(folder, 'winnow.config.yaml')
  await writeFile(
    configFile,
    stringify({
      version: 1,
      listen: { host: '127.0.0.1', port: Number(new URL(url).port) },
      dataFolder: join(folder, 'data'),
      repositories: {
        [repository]: {
          host: 'git',
          url: pathToFileURL(join(work, '.git')).href,
          secrets: [{ file: join(folder, 'secret') }],
          targets: ['local'],
        },
      },
      targets: { local: { kind: 'local' } },
      platform: { port: platformPort, containers: 'host' },
    }),
  )
  const controller = await startController({ configFile, url, logFile: join(folder, 'controller.log') })
  const token = (await readFile(join(folder, 'data', 'token'), 'utf8')).trim()
  return {
    folder,
    url,
    pid: controller.pid,
    platformPort,
    commit: async (branch, files) => {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(work, path)), { recursive: true })
        await writeFile(join(work, path), text)
      }
      await git('add', '--all')
      const hash = await git('commit-tree', await git('write-tree'), '-m', branch)
      await git('update-ref', `refs/heads/${branch}`, hash)
      return hash
    },
    api: async <T>(path: string, body?: Json): Promise<T> => {
      const response = await fetch(`${url}/api/v1${path}`, {
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      })
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
      return (await response.json()) as T
    },
    [Symbol.asyncDispose]: async () => {
      await controller.stop()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

export interface Delivered {
  /** From the first byte sent to the whole answer, milliseconds. */
  readonly took: number
  /** When the answer was here, milliseconds since the epoch. */
  readonly at: number
  readonly answer: { readonly change?: number }
}

/** Posts one push, signed as the hook of a plain Git server signs it. Anything but a 202 is an error. */
export const deliverPush = async (url: string, branch: string, commit: string): Promise<Delivered> => {
  const body = JSON.stringify({
    delivery: randomUUID(),
    repository,
    pusher: 'bench',
    sentAt: new Date().toISOString(),
    refs: [{ ref: `refs/heads/${branch}`, before: '0'.repeat(40), after: commit }],
  })
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const started = performance.now()
  const response = await fetch(`${url}/webhooks/git`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-winnow-signature-256': signature },
    body,
  })
  const answer = (await response.json()) as Delivered['answer']
  const took = performance.now() - started
  if (response.status !== 202) throw new Error(`a webhook was answered ${response.status}`)
  return { took, at: performance.timeOrigin + performance.now(), answer }
}

/** What the bare peer is told to check signatures with. */
export const webhookSecret = secret

/** Asks four times a second, for two minutes at most: often enough to go on soon, seldom enough not to be the load. */
export const until = async <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> => {
  const deadline = Date.now() + 120_000
  for (;;) {
    const found = await ask()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`waited two minutes for ${what}`)
    await pause(250)
  }
}

interface ShownRun {
  readonly id: number
  readonly state: string
  readonly reason: string
  readonly launchedAt: number
  readonly tasks: readonly { readonly state: string }[]
}

export const showRun = async (stage: Stage, id: number): Promise<ShownRun> =>
  (await stage.api<{ run: ShownRun }>(`/runs/${id}`)).run

/** The one run that a change started. */
export const runOfChange = (stage: Stage, change: number): Promise<number> =>
  until(`the run of change ${change}`, async () => {
    const { change: row, runs } = await stage.api<{ change: { state: string; reason: string }; runs: number[] }>(
      `/changes/${change}`,
    )
    if (row.state !== 'recorded' && row.state !== 'started') throw new Error(`${row.state}: ${row.reason}`)
    return runs[0]
  })

export const milliseconds = (value: number): string =>
  value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`
