import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emulatorsFolder } from '../test/emulators/programs.ts'
import { createPostgres, createRedis, type Server } from './servers.ts'

// node scripts/services.ts -- COMMAND: runs a command beside a PostgreSQL and a Redis of its own, on loopback, in a
// temporary folder that goes away with them. Their addresses are in DATABASE_URL and REDIS_URL, and under the names that
// the tests look for. WINNOW_TEST_EMULATORS names the folder of the emulators of Google Cloud and S3, which tests start
// themselves, where test/emulators/build.sh has built them. Exit: the command's; 2 where a server is missing or does not
// start.

const servers: Server[] = []
let folder: string | undefined

const stopAll = async (): Promise<void> => {
  for (const server of servers.splice(0)) await server.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
}

let child: ChildProcess | undefined
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    interrupted = true
    // A terminal sends Ctrl-C to the command itself; a second one would make it give up its own cleaning up.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child?.kill(signal)
  })

const startIn = async (root: string, create: (root: string) => Promise<Server>): Promise<string> => {
  const server = await create(root)
  servers.push(server)
  await server.start()
  return server.url
}

const runBeside = async (command: string, args: string[]): Promise<number> => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-services-'))
  await chmod(folder, 0o755)
  const [databaseUrl, redisUrl] = [await startIn(folder, createPostgres), await startIn(folder, createRedis)]
  const emulators = emulatorsFolder()
  process.stderr.write(`DATABASE_URL=${databaseUrl} REDIS_URL=${redisUrl}\n`)
  if (interrupted) return 130
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    WINNOW_TEST_DATABASE_URL: databaseUrl,
    WINNOW_TEST_REDIS_URL: redisUrl,
    ...(emulators === undefined ? {} : { WINNOW_TEST_EMULATORS: emulators }),
  }
  child = spawn(command, args, { stdio: 'inherit', env })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  return exitCode ?? 130
}

const separator = process.argv.indexOf('--')
const [command, ...args] = process.argv.slice(separator < 0 ? 2 : separator + 1)
try {
  if (command === undefined) throw new Error('usage: node scripts/services.ts -- COMMAND [ARGUMENT…]')
  process.exitCode = await runBeside(command, args)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 2
} finally {
  await stopAll()
}
