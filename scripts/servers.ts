import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { chown, readdir } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'

/** A real server on loopback, a child of this process, that keeps its address and its data while it is stopped. */
export interface Server {
  readonly url: string
  /** Starts it, also again after a stop; resolves once it answers. */
  start(): Promise<void>
  /** Its own fast shutdown; by force where that takes longer than ten seconds. */
  stop(): Promise<void>
}

function fail(message: string): never {
  throw new Error(message)
}

/** The program, on PATH or where Debian keeps PostgreSQL's; the newest version wins. */
export const findProgram = async (name: string): Promise<string | undefined> => {
  const versions = await readdir('/usr/lib/postgresql').catch((): string[] => [])
  const debian = versions.sort((a, b) => Number(b) - Number(a)).map((version) => `/usr/lib/postgresql/${version}/bin`)
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...debian]) {
    const names = await readdir(folder).catch((): string[] => [])
    if (names.includes(name)) return join(folder, name)
  }
  return undefined
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** PostgreSQL refuses to run as root: then it runs as the user `postgres` or `nobody`. */
const serverUser = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout.trim())
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  return fail('services: PostgreSQL cannot run as root, and there is neither a user postgres nor nobody')
}

/** Asks until the server answers, at most for half a minute. */
export const waitFor = async (server: ChildProcess, name: string, ask: () => Promise<unknown>): Promise<void> => {
  const deadline = Date.now() + 30_000
  for (;;) {
    try {
      await ask()
      return
    } catch (error) {
      if (server.exitCode !== null) return fail(`services: ${name} ended at its start`)
      if (Date.now() > deadline) return fail(`services: ${name} does not answer: ${error}`)
    }
    await pause(50)
  }
}

interface Program {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly options: {
    readonly cwd: string
    readonly uid?: number
    readonly gid?: number
    readonly env?: NodeJS.ProcessEnv
  }
  /** What makes it end in an orderly way. */
  readonly signal: NodeJS.Signals
  readonly url: string
  readonly ask: () => Promise<unknown>
  /** Where its complaints go; without it they stand among ours. */
  readonly logFile?: string
}

const running = new Set<ChildProcess>()
// Whatever ends this process, no server outlives it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The server that a program is. In a group of its own: a Ctrl-C does not reach it, and it stays until it is stopped. */
export const serverOf = (program: Program): Server => {
  const { name, command, args, options, signal, url, ask, logFile } = program
  let child: ChildProcess | undefined
  return {
    url,
    start: async () => {
      const log = logFile === undefined ? undefined : openSync(logFile, 'a')
      child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', log ?? 'inherit'], detached: true })
      if (log !== undefined) closeSync(log)
      running.add(child)
      await waitFor(child, name, ask)
    },
    stop: async () => {
      const ending = child
      child = undefined
      if (ending === undefined) return
      if (ending.exitCode === null && ending.signalCode === null) {
        const ended = once(ending, 'exit')
        ending.kill(signal)
        const late = setTimeout(() => ending.kill('SIGKILL'), 10_000)
        await ended
        clearTimeout(late)
      }
      running.delete(ending)
    },
  }
}

const askPostgres = async (connectionString: string): Promise<void> => {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  await client.end()
}

const askRedis = async (url: string): Promise<void> => {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  client.on('error', () => {})
  await client.connect()
  client.disconnect()
}

/**
 * An empty PostgreSQL in a folder of its own below `root`, which becomes its user's where this process is root's. Without
 * `fsync` it outlives its own end, but not the machine's.
 */
export const createPostgres = async (root: string, logFile?: string, fsync: 'on' | 'off' = 'off'): Promise<Server> => {
  const [initdb, postgres] = [await findProgram('initdb'), await findProgram('postgres')]
  if (!initdb || !postgres) return fail('services: PostgreSQL is missing; on Debian: apt-get install postgresql')
  const data = join(root, 'postgres')
  const user = serverUser()
  const options = { cwd: root, ...user }
  if (user) await chown(root, user.uid, user.gid)
  const made = spawnSync(
    initdb,
    ['-D', data, '-U', 'winnow', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    options,
  )
  if (made.status !== 0) return fail(`services: initdb failed:\n${made.stderr ?? made.error}`)
  const port = await freePort()
  const settings = [
    `fsync=${fsync}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${data}`,
    'log_min_messages=fatal',
  ]
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const url = `postgres://winnow@127.0.0.1:${port}/postgres`
  // SIGINT is PostgreSQL's fast shutdown: it ends connections rather than waiting for them.
  const ask = () => askPostgres(url)
  const log = logFile === undefined ? {} : { logFile }
  return serverOf({ name: 'PostgreSQL', command: postgres, args, options, signal: 'SIGINT', url, ask, ...log })
}

/** A Redis that keeps nothing. */
export const createRedis = async (root: string): Promise<Server> => {
  const redis = await findProgram('redis-server')
  if (!redis) return fail('services: Redis is missing; on Debian: apt-get install redis-server')
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', root, '--save', '', '--appendonly', 'no']
  const url = `redis://127.0.0.1:${port}`
  const ask = () => askRedis(url)
  return serverOf({ name: 'Redis', command: redis, args, options: { cwd: root }, signal: 'SIGTERM', url, ask })
}
