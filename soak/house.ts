import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { stringify } from 'yaml'
import { createPostgres, createRedis, freePort, type Server } from '../scripts/servers.ts'
import { type Controller, createController } from './controller.ts'
import type { Blow } from './plan.ts'
import type { OpenSender, Sender } from './sender.ts'

export type StoreKind = 'postgres' | 'embedded'

/** Winnow as it is really run, its servers, and everybody who sends. All of it in one folder, on loopback. */
export interface House {
  readonly folder: string
  readonly url: string
  readonly platformPort: number
  readonly databaseUrl: string | undefined
  readonly dataFolder: string
  readonly senders: readonly { readonly name: string; readonly weight: number; readonly opened: OpenSender }[]
  readonly processes: readonly Controller[]
  readonly blows: readonly Blow[]
  /** When Winnow was first started. */
  readonly since: number
  readonly token: () => Promise<string>
  readonly strike: (blow: Blow) => Promise<void>
  /** Ends every process of Winnow in an orderly way; their exit codes, by role. */
  readonly stop: () => Promise<Readonly<Record<string, number | null>>>
  /** Ends the servers and what still runs. */
  readonly close: (keep: boolean) => Promise<void>
}

const patience = 300_000

export const openHouse = async (kind: StoreKind, senders: readonly Sender[], deliveries: number): Promise<House> => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-soak-'))
  // PostgreSQL may run as another user.
  await chmod(folder, 0o755)
  const ground = join(folder, 'ground')
  const dataFolder = join(folder, 'data')
  const servers: Server[] = []
  await mkdir(ground)
  const [port, platformPort] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${port}`
  const weights = senders.reduce((sum, { weight }) => sum + weight, 0)
  const opened = await Promise.all(
    senders.map(async ({ name, weight, open }) => ({
      name,
      weight,
      opened: await open({ folder: ground, deliveries: Math.ceil((1.3 * deliveries * weight) / weights) }),
    })),
  )
  const parts = opened.map(({ opened }) => opened)
  const configFile = join(folder, 'winnow.config.yaml')
  await writeFile(
    configFile,
    stringify({
      version: 1,
      listen: { port },
      dataFolder,
      logLevel: 'warn',
      repositories: Object.assign({}, ...parts.map(({ config }) => config.repositories ?? {})),
      sources: Object.assign({}, ...parts.map(({ config }) => config.sources ?? {})),
      google: Object.assign({}, ...parts.map(({ config }) => config.google ?? {})),
      people: Object.assign({}, ...parts.map(({ config }) => config.people ?? {})),
      platform: { port: platformPort, containers: 'host' },
    }),
  )
  const start = async (create: (root: string, logFile: string) => Promise<Server>): Promise<Server> => {
    const root = join(folder, `server-${servers.length}`)
    await mkdir(root, { mode: 0o755 })
    const server = await create(root, join(folder, 'servers.log'))
    servers.push(server)
    await server.start()
    return server
  }
  const postgres = kind === 'postgres' ? await start(createPostgres) : undefined
  const redis = kind === 'postgres' ? await start(createRedis) : undefined
  const environment = {
    ...Object.assign({}, ...parts.map(({ secrets }) => secrets ?? {})),
    ...(postgres === undefined ? {} : { DATABASE_URL: postgres.url }),
    ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
  }
  const roles = kind === 'postgres' ? (['web', 'worker'] as const) : (['all'] as const)
  const processes = roles.map((role) =>
    createController({ role, configFile, environment, logFile: join(folder, `${role}.log`) }),
  )
  const since = Date.now()
  // The first to come makes the tables; the other finds them.
  for (const one of processes) {
    await one.start()
    if (one.role !== 'worker') await untilReady(url, one)
  }

  const flush = async (): Promise<void> => {
    const client = new Redis(redis?.url ?? '')
    await client.flushall()
    await client.quit()
  }
  const kill = (role: string) =>
    Promise.all(processes.filter((one) => role === 'both' || one.role === role).map((one) => one.kill()))

  return {
    folder,
    url,
    platformPort,
    databaseUrl: postgres?.url,
    dataFolder,
    senders: opened,
    processes,
    since,
    blows:
      kind === 'postgres'
        ? ['kill web', 'kill worker', 'kill both', 'flush Redis', 'restart PostgreSQL']
        : ['kill both'],
    token: async () => (await readFile(join(dataFolder, 'token'), 'utf8')).trim(),
    strike: async (blow) => {
      if (blow === 'flush Redis') return flush()
      if (blow === 'restart PostgreSQL') {
        await postgres?.stop()
        return postgres?.start()
      }
      await kill(blow.slice('kill '.length))
    },
    stop: async () =>
      Object.fromEntries(await Promise.all(processes.map(async (one) => [one.role, await one.stop()] as const))),
    close: async (keep) => {
      for (const one of processes) if (one.pid() !== undefined) await one.stop()
      for (const { opened: sender } of opened) await sender.close?.()
      for (const server of servers) await server.stop()
      if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

const untilReady = async (url: string, one: Controller): Promise<void> => {
  const deadline = Date.now() + patience
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) return
    if (one.faults().length > 0 || Date.now() > deadline)
      throw new Error(`${one.role} does not become ready; its log says why`)
    await pause(100)
  }
}
