import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import type { ShownRun } from '../../src/cli/commands/run-show.ts'
import { freePort } from '../../src/cli/free-port.ts'
import { installHook } from '../../src/cli/hook/install-hook.ts'
import { isSettled } from '../../src/cli/settled.ts'
import type { Change } from '../../src/domain/change.ts'
import type { EndpointView } from '../../src/domain/ports/serving.ts'
import { bareRepository, commitFiles, git, workingRepository } from '../hosts/git-repositories.ts'
import { writeLinearModel } from '../platform/linear-model.ts'
import { type ControllerProcess, type Ended, spawnController, until, untilReady } from './controller.ts'
import { numbersFiles, numbersYaml } from './pipelines.ts'
import type { Stores } from './stores.ts'

export interface ChangeSummary {
  readonly id: number
  readonly kind: Change['cause']['kind']
  readonly what: string
  readonly state: Change['state']
  readonly reason: string
  readonly faults: readonly string[]
}

/** Python environments are built once for all tests, wherever a data folder lies. */
const environmentsFolder = join(process.env['WINNOW_TEST_CACHE'] ?? join(tmpdir(), 'winnow-test-cache'), 'environments')
export const repository = 'numbers'
const secret = 'a secret of the hook and the controller'

/** Who decides, beside the operator whose token lies in the data folder. */
export interface SitePerson {
  readonly groups: readonly string[]
  readonly token: string
}

/** A data folder with its config, a repository with the hook, ready models, and the controller that serves them. */
export const openSite = async (stores: Stores, people: Readonly<Record<string, SitePerson>> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'winnow-e2e-'))
  const data = join(folder, 'data')
  const models = join(folder, 'models')
  const incoming = join(folder, 'incoming')
  const configFile = join(folder, 'winnow.config.yaml')
  const secretFile = join(folder, 'secret')
  const [port, platformPort] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${port}`
  await mkdir(data, { mode: 0o700 })
  await mkdir(environmentsFolder, { recursive: true })
  await symlink(environmentsFolder, join(data, 'python'))
  await mkdir(incoming)
  await mkdir(models)
  await writeFile(join(models, 'pace'), '0.2')
  await writeFile(secretFile, secret, { mode: 0o600 })
  const bare = await bareRepository(join(folder, 'numbers.git'))
  const work = await workingRepository(join(folder, 'work'), bare)
  await installHook(bare, { url, repository, secretFile })
  const known: Record<string, object> = {}
  for (const [name, { groups, token }] of Object.entries(people)) {
    const file = join(folder, `token of ${name}`)
    await writeFile(file, token, { mode: 0o600 })
    known[name] = { groups, token: { file } }
  }
  const config = {
    version: 1,
    people: known,
    listen: { port },
    dataFolder: data,
    repositories: {
      [repository]: {
        host: 'git',
        url: pathToFileURL(bare).href,
        secrets: [{ file: secretFile }],
        targets: ['local'],
        environments: ['dev'],
        dataRoot: folder,
      },
    },
    platform: { port: platformPort, containers: 'host' },
  }
  await writeFile(configFile, stringify(config))

  let controller: ControllerProcess | undefined
  const running = (): ControllerProcess => {
    if (controller === undefined) throw new Error('the controller does not run')
    return controller
  }
  const end = async (signal: NodeJS.Signals): Promise<Ended> => {
    const ending = running()
    ending.signal(signal)
    const ended = await ending.ended
    controller = undefined
    return ended
  }

  const call = async <T>(path: string, init: RequestInit = {}): Promise<T> => {
    const token = (await readFile(join(data, 'token'), 'utf8')).trim()
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}/api/v1${path}`, { ...init, headers })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  const changes = () =>
    call<{ changes: readonly ChangeSummary[]; sum: Readonly<Record<string, number>> }>('/changes?limit=1000')
  const runs = () => call<{ runs: readonly { id: number; batch: number | null }[] }>('/runs?limit=1000')
  const shownRun = (id: number) => call<ShownRun>(`/runs/${id}`)
  const settledRun = (id: number, deadline = 180_000): Promise<ShownRun> =>
    until(
      `run ${id}`,
      async () => {
        const shown = await shownRun(id)
        return isSettled(shown.run, shown.verdict, shown.releases) && shown
      },
      deadline,
    )

  /** Pushes what was committed; the numbers of the changes that the controller acknowledged to the hook. */
  const push = async (...options: readonly string[]): Promise<readonly number[]> => {
    const said: string[] = []
    await git(work, ['push', '--quiet', ...options, 'origin', 'HEAD:main'], said)
    return said.flatMap((line) => Array.from(line.matchAll(/ is change (\d+)/g), ([, id]) => Number(id)))
  }

  return {
    folder,
    data,
    models,
    incoming,
    bare,
    work,
    url,
    secret,
    platformPort,
    configFile,
    pool: stores.pool(data),
    output: () => running().output(),
    pid: () => running().pid,
    /** Starts the controller without waiting for it. */
    spawn: (): void => {
      controller = spawnController(configFile, stores.environment)
    },
    start: async (): Promise<void> => {
      controller = spawnController(configFile, stores.environment)
      await untilReady(controller, url)
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    call,
    changes,
    runs,
    shownRun,
    settledRun,
    push,
    commit: (files: Readonly<Record<string, string>>, message = 'More') => commitFiles(work, files, message),
    /** Commits a pipeline whose model answers `factor` times x and claims to be `accuracy` good. */
    commitNumbers: async (factor: number, accuracy: number): Promise<string> => {
      await writeLinearModel(join(models, `times-${factor}`), factor)
      return commitFiles(work, numbersFiles({ models, factor, accuracy }))
    },
    yaml: (factor: number, accuracy: number, more: Parameters<typeof numbersYaml>[1] = {}) =>
      numbersYaml({ models, factor, accuracy }, more),
    setPace: (seconds: number) => writeFile(join(models, 'pace'), String(seconds)),
    /** One change, once it has its outcome, with the runs that it started. */
    ended: (id: number): Promise<{ readonly change: Change; readonly runs: readonly number[] }> =>
      until(`the outcome of change ${id}`, async () => {
        const shown = await call<{ change: Change; runs: readonly number[] }>(`/changes/${id}`)
        return shown.change.state !== 'recorded' && shown
      }),
    /** Waits until nothing more will happen by itself. */
    settle: () =>
      until(
        'everything to settle',
        async () => {
          if ((await changes()).changes.some(({ state }) => state === 'recorded')) return false
          const shown = await Promise.all((await runs()).runs.map(({ id }) => shownRun(id)))
          return shown.every(({ run, verdict, releases }) => isSettled(run, verdict, releases)) && shown
        },
        90_000,
      ),
    endpoint: async (name: string): Promise<EndpointView> => {
      const { endpoints } = await call<{ endpoints: readonly EndpointView[] }>('/endpoints')
      const found = endpoints.filter((endpoint) => endpoint.displayName === name)
      if (found.length !== 1) throw new Error(`there are ${found.length} endpoints ${name}`)
      return found[0] as EndpointView
    },
    predict: async <T>(name: string, instance: object): Promise<T> => {
      const body = JSON.stringify({ instances: [instance] })
      const answer = await call<{ predictions: readonly T[] }>(`/endpoints/${name}/predict`, { method: 'POST', body })
      return answer.predictions[0] as T
    },
    /** Ends what still runs and removes everything. */
    close: async (): Promise<void> => {
      if (controller !== undefined) await end('SIGKILL')
      await stores.dispose()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
export type Site = Awaited<ReturnType<typeof openSite>>

/** The output of a `winnow` command. */
export const winnow = async (site: Site, ...args: readonly string[]): Promise<string> => {
  const entry = new URL('../../src/cli/main.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [entry, '--data', site.data, ...args])
  return stdout
}
