import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, type Server, serverOf } from '../../scripts/servers.ts'

// Servers that stand in for Google Cloud and S3: real programs that speak the real protocols (build.sh makes them).

/** The folder that has them: what WINNOW_TEST_EMULATORS says, or where build.sh puts them. Undefined where they are not built. */
export const emulatorsFolder = (): string | undefined => {
  const named = process.env['WINNOW_TEST_EMULATORS']
  if (named !== undefined) return named
  const script = fileURLToPath(new URL('./build.sh', import.meta.url))
  const { status, stdout } = spawnSync(script, ['--there'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

const answers = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })

/** What an emulator says goes away with it: it says a lot. */
const startProgram = async (
  name: string,
  port: number,
  args: readonly string[],
  url: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Server> => {
  const root = await mkdtemp(join(tmpdir(), `winnow-${name}-`))
  const server = serverOf({
    name,
    command: join(emulatorsFolder() ?? '', name),
    args,
    options: { cwd: root, env: { ...process.env, ...environment } },
    signal: 'SIGTERM',
    url,
    ask: () => answers(port),
    logFile: join(root, 'log'),
  })
  await server.start()
  return {
    ...server,
    stop: async () => {
      await server.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** Google's Pub/Sub for tests; `url` is `host:port`, as its clients want it. It forgets everything when it is stopped. */
export const startPubsub = async (port?: number): Promise<Server> => {
  const chosen = port ?? (await freePort())
  return startProgram('pstest', chosen, ['-port', String(chosen)], `127.0.0.1:${chosen}`)
}

/** An S3 server with one account, s3Credentials. */
export const startS3 = async (): Promise<Server> => {
  const port = await freePort()
  const { accessKeyId, secretAccessKey } = s3Credentials
  const args = ['-listen', `127.0.0.1:${port}`, '-id', accessKeyId, '-secret', secretAccessKey]
  return startProgram('s3', port, args, `http://127.0.0.1:${port}`)
}
export const s3Credentials = { accessKeyId: 'winnow', secretAccessKey: 'winnow-secret' }

/** Cloud Storage in memory. With `topic` it tells each change of an object there, as a bucket's notification would. */
export const startCloudStorage = async (notify?: {
  readonly pubsub: string
  readonly project: string
  readonly topic: string
}): Promise<Server> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const args = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory']
  args.push('-external-url', url, '-public-host', `127.0.0.1:${port}`, '-log-level', 'error')
  if (notify !== undefined)
    args.push(
      '-event.pubsub-project-id',
      notify.project,
      '-event.pubsub-topic',
      notify.topic,
      '-event.list',
      'finalize,delete',
    )
  return startProgram('fake-gcs-server', port, args, url, notify && { PUBSUB_EMULATOR_HOST: notify.pubsub })
}
