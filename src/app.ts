import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { createArchiveFolder } from './adapters/archives/archive-folder.ts'
import { createCompiler } from './adapters/compilers/compiler.ts'
import { createForeignCompiler } from './adapters/compilers/foreign.ts'
import { createSigningKeys } from './adapters/google/signing-keys.ts'
import { createGitHost } from './adapters/hosts/git-host.ts'
import { rememberFiles } from './adapters/hosts/remember-files.ts'
import { openQueue } from './adapters/queue/open-queue.ts'
import { openPool } from './adapters/store/open-pool.ts'
import { createStore } from './adapters/store/store.ts'
import { registerApi } from './api/api.ts'
import { routing } from './api/http-errors.ts'
import type { Config, Secrets } from './config.ts'
import { Fault } from './domain/errors.ts'
import { readKept } from './judging/answers/keep-predictions.ts'
import { createJudging } from './judging/judging.ts'
import type { Log } from './log.ts'
import { findCell } from './processes/cell.ts'
import { createPythonEnvironments, type PythonEnvironments } from './processes/python-environments.ts'
import { openSources } from './sources.ts'
import { openManifests, openTargets } from './targets.ts'
import { version } from './version.ts'
import { keepRefusals } from './webhooks/keep-refusals.ts'
import { createLimits } from './webhooks/limits.ts'
import { createRefusals } from './webhooks/refusals.ts'
import { registerWebhooks } from './webhooks/webhooks.ts'
import type { WorkerPorts } from './work.ts'
import { startWork } from './work.ts'
import { hearOfTables } from './workers/loops/hear-of-tables.ts'
import { createDecisions } from './workers/people/decisions.ts'
import { checkFeedback, createLiveFigures } from './workers/release/live-evidence.ts'

export interface App {
  /** `http://host:port`, where this process has the web role. */
  readonly url: string | undefined
  /** Takes nothing new, lets what is under way end, and writes everything down. */
  close(): Promise<void>
}

/**
 * The composition root: this file, work.ts, targets.ts and sources.ts are the only ones that see adapters. Roles: `web` takes webhooks and serves the API, `worker`
 * does the steps, `all` does both.
 * Faults: data_folder_locked, store_unavailable, port_taken, python_missing, config_invalid, disk_full.
 */
export const createApp = async (config: Config, secrets: Secrets, log: Log): Promise<App> => {
  // Undone in the opposite order, also where the start fails half-way.
  await using opened = new AsyncDisposableStack()
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 })
  const { databaseUrl, redisUrl } = secrets
  const pool = await openPool({
    folder: join(config.dataFolder, 'store'),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    onError: (error) => log.warn({ error }, 'a database connection broke'),
  })
  opened.defer(() => pool.end())
  const store = await createStore(pool)
  const targets = opened.use(await openTargets(config, log))

  const archive = config.retention && createArchiveFolder(config.retention.archive)
  const keptFolder = join(config.dataFolder, 'verdict-evidence')
  const repositories = Object.entries(config.repositories)
  const environments = createPythonEnvironments({
    folder: join(config.dataFolder, 'python'),
    ...(config.python === undefined ? {} : { python: config.python }),
  })
  const sources = openSources(config, secrets)
  const recordTold = hearOfTables({ recordChange: store.recordChange, source: sources.of, log })
  const ports: Omit<WorkerPorts, 'queue'> = {
    store,
    judging: createJudging(keptFolder),
    host: rememberFiles(
      createGitHost({
        // A mirror has one owner: a web process beside a worker, in the same data folder, has its own.
        folder: join(config.dataFolder, config.role === 'web' ? 'git-of-web' : 'git'),
        repositories: Object.fromEntries(
          repositories.map(([name, { url, host }]) => {
            const accessToken = secrets.accessTokens[name]
            const pullRequests = pullRequestRefs[host]
            return [
              name,
              {
                url,
                ...(accessToken === undefined ? {} : { accessToken }),
                ...(pullRequests === undefined ? {} : { pullRequests }),
              },
            ]
          }),
        ),
      }),
    ),
    compiler: opened.use(createCompiler({ environments, warm: true })),
    ...(await foreignCompilerFor(config, environments)),
    source: sources.of,
    sources: sources.asked,
    recordTold,
    manifests: openManifests(config, secrets, targets.isLocal),
    target: (name) => targets.byName.get(name),
    isLocal: targets.isLocal,
    bounds: (name) => {
      const repository = config.repositories[name]
      return repository && { ...repository, addresses: addressesOf(config, name) }
    },
    repositories: repositories.map(([name]) => name),
    targetLimit: (name) => config.targets[name]?.concurrency,
    ...(archive === undefined || config.retention === undefined
      ? {}
      : { retention: { folder: archive, after: config.retention.after } }),
    pollEvery: (name) => config.repositories[name]?.poll,
    concurrency: config.concurrency,
    embedded: store.embedded,
    version,
    now: Date.now,
    log,
  }
  if (config.role !== 'web') {
    const queue = await openQueue({ pool, log, ...(redisUrl === undefined ? {} : { redisUrl }) })
    opened.defer(() => queue.close())
    opened.use(await startWork({ ...ports, queue }))
  }
  if (config.role === 'worker') return appOf(undefined, opened.move())

  const token = await readOrMakeToken(join(config.dataFolder, 'token'))
  const server: FastifyInstance = Fastify({ ...routing, logger: false, forceCloseConnections: true })
  opened.defer(() => server.close())
  const refusals = createRefusals(Date.now())
  opened.use(keepRefusals(refusals, store, log))
  await registerWebhooks(server, {
    refusals,
    limits: createLimits(config.limits),
    repositories: repositories.map(([name, { host, fullName }]) => ({
      name,
      host,
      secrets: secrets.webhooks[name] ?? [],
      ...(fullName === undefined ? {} : { fullName }),
    })),
    sources: Object.entries(config.sources).map(([name, { kind, addresses, repositories, push }]) => ({
      name,
      kind,
      addresses,
      repositories,
      secrets: secrets.sources[name]?.signing ?? [],
      ...(push === undefined ? {} : { push }),
    })),
    signingKeys: createSigningKeys({ url: config.google.certsUrl, now: Date.now }),
    recordChange: recordTold,
    now: Date.now,
    log,
  })
  await registerApi(server, {
    store,
    ...(archive === undefined ? {} : { archive }),
    targets: targets.byName,
    target: ports.target,
    liveFigures: createLiveFigures(ports),
    checkFeedback,
    keptPredictions: (digest) => readKept(keptFolder, digest),
    now: Date.now,
    token,
    people: Object.entries(config.people).map(([name, { groups, knownAs }]) => ({
      person: { name, groups, knownAs },
      token: secrets.people[name] as string,
    })),
    refusals: refusals.report,
    sources: Object.entries(config.sources).map(([name, source]) => ({ name, ...source })),
    decisions: createDecisions({ ...ports, repositories: repositories.map(([name]) => name) }),
    version,
    log,
    ready: () =>
      store.readSetting('ready').then(
        () => true,
        () => false,
      ),
  })
  const url = await listen(server, config.listen)
  // Where the commands of this machine find the controller.
  await writeFile(join(config.dataFolder, 'server.json'), `${JSON.stringify({ url, pid: process.pid })}\n`)
  log.info({ url, role: config.role, version }, 'Winnow is ready')
  return appOf(url, opened.move())
}

/** Where hosts show the heads of pull requests. Bitbucket's is that of Data Center: Cloud shows none. */
const pullRequestRefs: Readonly<Record<string, string | undefined>> = {
  github: 'refs/pull/*/head',
  gitea: 'refs/pull/*/head',
  forgejo: 'refs/pull/*/head',
  gitlab: 'refs/merge-requests/*/head',
  bitbucket: 'refs/pull-requests/*/from',
}

/** Where a repository asks for it. Fault config_invalid where no sandbox can be made: better no start than no sandbox. */
const foreignCompilerFor = async (
  { repositories, role }: Config,
  environments: PythonEnvironments,
): Promise<Pick<WorkerPorts, 'foreignCompiler'>> => {
  const asking = Object.entries(repositories).find(([, { forks }]) => forks === 'sandbox')
  if (asking === undefined || role === 'web') return {}
  const found = await findCell()
  if (found.found) return { foreignCompiler: createForeignCompiler({ environments, found }) }
  throw new Fault(
    'config_invalid',
    `The sandbox that repositories.${asking[0]}.forks asks for does not work: ${found.reason}`,
    {
      remedy: 'Install bubblewrap (on Debian and Ubuntu: apt install bubblewrap), or leave out forks: sandbox.',
    },
  )
}

/** Addresses of data that a repository's triggers may name. */
const addressesOf = (config: Config, repository: string): readonly string[] =>
  Object.values(config.sources)
    .filter(({ repositories }) => repositories.includes(repository))
    .flatMap(({ addresses }) => addresses)

const appOf = (url: string | undefined, opened: AsyncDisposableStack): App => ({
  url,
  close: () => opened.disposeAsync(),
})

const listen = async (server: FastifyInstance, { host, port }: Config['listen']): Promise<string> => {
  try {
    return await server.listen({ host, port })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
    throw new Fault('port_taken', `Port ${port} of ${host} is taken`, {
      remedy: 'Stop what listens there, or choose another port with WINNOW_PORT or listen.port.',
      cause,
    })
  }
}

/** The API's token: made at the first start, readable by its owner alone. */
const readOrMakeToken = async (file: string): Promise<string> => {
  try {
    await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return (await readFile(file, 'utf8')).trim()
}
