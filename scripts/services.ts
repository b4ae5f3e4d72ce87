import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'

// node scripts/services.ts -- COMMAND: runs a command beside a PostgreSQL and a Redis of its own, on loopback, in a
// temporary folder that goes away with them. Their addresses are in DATABASE_URL and REDIS_URL, and under the names that
// the tests look for. Exit: the command's; 2 where a server is missing or does not start.

function fail(message: string): never {
  throw new Error(message)
}

/** The program, on PATH or where Debian keeps PostgreSQL's; the newest version wins. */
const findProgram = async (name: string): Promise<string | undefined> => {
  const versions = await readdir('/usr/lib/postgresql').catch((): string[] => [])
  const debian = versions.sort((a, b) => Number(b) - Number(a)).map((version) => `/usr/lib/postgresql/${version}/bin`)
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), ...debian]) {
    const names = await readdir(folder).catch((): string[] => [])
    if (names.includes(name)) return join(folder, name)
  }
  return undefined
}

const freePort = async (): Promise<number> => {
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
const waitFor = async (server: ChildProcess, name: string, ask: () => Promise<unknown>): Promise<void> => {
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

const started: { readonly child: ChildProcess; readonly signal: NodeJS.Signals }[] = []
let folder: string | undefined

const stopAll = async (): Promise<void> => {
  for (const { child, signal } of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
}

const startServer = (command: string, args: string[], options: object, signal: NodeJS.Signals): ChildProcess => {
  // Groups of their own: a Ctrl-C reaches the command and this script, and the servers stay until both have ended.
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  started.push({ child, signal })
  return child
}

const startPostgres = async (root: string): Promise<string> => {
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
    'fsync=off',
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${data}`,
    'log_min_messages=fatal',
  ]
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  // SIGINT is PostgreSQL's fast shutdown: it ends connections rather than waiting for them.
  const server = startServer(postgres, args, options, 'SIGINT')
  const url = `postgres://winnow@127.0.0.1:${port}/postgres`
  await waitFor(server, 'PostgreSQL', () => askPostgres(url))
  return url
}

const startRedis = async (root: string): Promise<string> => {
  const redis = await findProgram('redis-server')
  if (!redis) return fail('services: Redis is missing; on Debian: apt-get install redis-server')
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', root, '--save', '', '--appendonly', 'no']
  const server = startServer(redis, args, { cwd: root }, 'SIGTERM')
  const url = `redis://127.0.0.1:${port}`
  await waitFor(server, 'Redis', () => askRedis(url))
  return url
}

let child: ChildProcess | undefined
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    interrupted = true
    // A terminal sends Ctrl-C to the command itself; a second one would make it give up its own cleaning up.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child?.kill(signal)
  })
// Whatever ends this script, no server outlives it.
process.on('exit', () => {
  for (const server of started) server.child.kill('SIGKILL')
})

const runBeside = async (command: string, args: string[]): Promise<number> => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-services-'))
  await chmod(folder, 0o755)
  const [databaseUrl, redisUrl] = [await startPostgres(folder), await startRedis(folder)]
  process.stderr.write(`DATABASE_URL=${databaseUrl} REDIS_URL=${redisUrl}\n`)
  if (interrupted) return 130
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    WINNOW_TEST_DATABASE_URL: databaseUrl,
    WINNOW_TEST_REDIS_URL: redisUrl,
  }
  child = spawn(command, args, { stdio: 'inherit', env })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  return exitCode ?? 130
}

const separator = process.argv.indexOf('--')
const [command, ...args] = process.argv.slice(separator < 0 ? 2 : separator + 1)
try {
  if (command === undefined) fail('usage: node scripts/services.ts -- COMMAND [ARGUMENT…]')
  else process.exitCode = await runBeside(command, args)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 2
} finally {
  await stopAll()
}
