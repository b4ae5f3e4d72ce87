import { access, chmod, mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { Fault, messageOf } from '../../domain/errors.ts'
import type { Duration } from '../../domain/time.ts'
import { runProcess, scrubbedEnvironment } from '../../processes/run-process.ts'

export interface HookSettings {
  /** The controller, `http://127.0.0.1:8085`. */
  readonly url: string
  /** The repository's name in the controller's config. */
  readonly repository: string
  /** Holds the webhook secret, mode 0600; read by the hook at each push, never copied. */
  readonly secretFile: string
  /** How long a push may wait for the controller. Default 5 s. */
  readonly timeout?: Duration
  /** The Node that runs the hook; by default the one that runs this. The hook falls back on the PATH's. */
  readonly node?: string
}

export interface InstalledHook {
  /** The post-receive file. */
  readonly path: string
  readonly state: 'installed' | 'updated' | 'unchanged'
  /** Where the hook that was there before lives on, if there was one. */
  readonly chained: string | undefined
}

const marker = '# winnow post-receive hook:'
const defaultTimeout: Duration = 5_000

/**
 * Puts the hook into a repository that receives pushes, bare or not. A hook that is there already is kept and runs
 * first; installing twice changes nothing. Fault `usage` for what a person has to mend.
 */
export const installHook = async (repositoryPath: string, settings: HookSettings): Promise<InstalledHook> => {
  const url = webhookUrl(settings.url)
  const secretFile = await checkSecretFile(settings.secretFile)
  const hooks = await hooksFolder(repositoryPath)
  const path = join(hooks, 'post-receive')

  const template = await readFile(new URL('post-receive.sh', import.meta.url), 'utf8')
  const node = settings.node ?? process.execPath
  if (node.includes("'")) throw new Fault('usage', `The path of Node holds a quote: ${node}`)
  const config = { url, repository: settings.repository, secretFile, timeoutMs: settings.timeout ?? defaultTimeout }
  const texts: readonly [string, string][] = [
    [join(hooks, 'winnow', 'config.json'), `${JSON.stringify(config, null, 2)}\n`],
    [join(hooks, 'winnow', 'deliver.mjs'), await readFile(new URL('deliver.mjs', import.meta.url), 'utf8')],
    [path, template.replace('@NODE@', () => node)],
  ]

  const before = await readText(path)
  const foreign = before !== undefined && !before.includes(marker)
  const unchanged = (await Promise.all(texts.map(async ([file, text]) => (await readText(file)) === text))).every(
    Boolean,
  )
  if (unchanged) return { path, state: 'unchanged', chained: undefined }

  await mkdir(join(hooks, 'winnow'), { recursive: true, mode: 0o700 })
  const chained = foreign ? await freeChainName(hooks) : undefined
  if (chained !== undefined) await rename(path, chained)
  for (const [file, text] of texts) await replaceFile(file, text, file === path ? 0o755 : 0o644)
  return { path, state: before === undefined || foreign ? 'installed' : 'updated', chained }
}

const webhookUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    throw new Fault('usage', `${text} is not the address of a controller`, {
      remedy: 'give one like http://127.0.0.1:8085, without a user or password',
    })
  return new URL('webhooks/git', url.href.endsWith('/') ? url.href : `${url.href}/`).href
}

const checkSecretFile = async (file: string): Promise<string> => {
  const path = resolve(file)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || !found.isFile())
    throw new Fault('usage', `There is no secret file ${path}`, {
      remedy: 'make one: (umask 077; openssl rand -hex 32 > FILE), and name it in the controller’s config too',
    })
  if ((found.mode & 0o077) !== 0)
    throw new Fault('usage', `Others may read the secret file ${path}`, { remedy: `chmod 600 ${path}` })
  if (found.size === 0) throw new Fault('usage', `The secret file ${path} is empty`)
  return path
}

/** The hooks folder inside the repository's git folder. One that several repositories share is not ours to change. */
const hooksFolder = async (repositoryPath: string): Promise<string> => {
  const notARepository = (why: string, cause?: unknown): Fault =>
    new Fault('usage', `${repositoryPath} is not a git repository: ${why}`, {
      remedy: 'name the folder of the repository that receives pushes, bare (made by `git init --bare`) or not',
      ...(cause === undefined ? {} : { cause }),
    })
  const root = await realpath(resolve(repositoryPath)).catch((cause: unknown) => {
    throw notARepository('there is no such folder', cause)
  })
  if (!(await stat(root)).isDirectory()) throw notARepository('it is not a folder')
  const git = async (...args: readonly string[]): Promise<string> => {
    const env = scrubbedEnvironment({ HOME: process.env['HOME'] ?? '/', LC_ALL: 'C' })
    const result = await runProcess({ command: 'git', args: ['-C', root, ...args], cwd: root, env, timeoutMs: 30_000 })
    if (result.exitCode !== 0) throw notARepository(result.stderr.trim().split('\n')[0] ?? `git ${args[0]} failed`)
    return result.stdout.replace(/\n$/, '')
  }
  const gitFolder = await realpath(await git('rev-parse', '--absolute-git-dir'))
  const common = await realpath(resolve(root, await git('rev-parse', '--git-common-dir')))
  const inside = (await git('rev-parse', '--is-inside-work-tree')) === 'true'
  // git looks upwards: a plain folder somewhere inside a repository is most likely a mistyped path.
  const top = inside ? await realpath(await git('rev-parse', '--show-toplevel')) : gitFolder
  if (top !== root) throw notARepository(`it lies inside ${top}`)

  const hooks = resolve(root, await git('rev-parse', '--git-path', 'hooks'))
  await mkdir(hooks, { recursive: true }).catch((cause: unknown) => {
    throw new Fault('usage', `${hooks} cannot be made: ${messageOf(cause)}`, { cause })
  })
  const real = await realpath(hooks)
  if (!real.startsWith(common + sep))
    throw new Fault('usage', `${repositoryPath} keeps its hooks elsewhere: core.hooksPath is ${hooks}`, {
      remedy: `unset core.hooksPath for this repository: git -C ${repositoryPath} config core.hooksPath ${join(common, 'hooks')}`,
    })
  return real
}

const readText = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const freeChainName = async (hooks: string): Promise<string> => {
  for (let n = 1; ; n += 1) {
    const path = join(hooks, `post-receive.chained-${n}`)
    const taken = await access(path).then(
      () => true,
      () => false,
    )
    if (!taken) return path
  }
}

/** A push that comes now runs the old file or the new one, never half of it. */
const replaceFile = async (path: string, text: string, mode: number): Promise<void> => {
  const draft = `${path}.draft`
  await writeFile(draft, text, { mode })
  await chmod(draft, mode)
  await rename(draft, path)
}
