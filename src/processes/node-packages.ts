import { randomBytes } from 'node:crypto'
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestBytes, digestJson, shortDigest } from '../domain/digest.ts'
import { Fault } from '../domain/errors.ts'
import { runProcess } from './run-process.ts'
import { scrubbedEnvironment } from './scrubbed-environment.ts'

interface InstalledPackages {
  /** The `node_modules` that holds them. */
  readonly folder: string
  /** Of the versions that were installed. */
  readonly lock: Digest
}

export interface NodePackages {
  /** The packages of npm, installed if they are not yet. Raises environment_failed. */
  ensure(
    packages: readonly string[],
    signal: AbortSignal,
    progress?: (line: string) => void,
  ): Promise<InstalledPackages>
}

/** As for Python's installers: where the registry is and whom to trust may be set by the environment, a login may not. */
const registryEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      /^npm_config_(registry|cafile)$|^NODE_EXTRA_CA_CERTS$/i.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  )

const install = async (
  folder: string,
  packages: readonly string[],
  signal: AbortSignal,
  progress?: (line: string) => void,
): Promise<void> => {
  const draft = `${folder}.${randomBytes(4).toString('hex')}.draft`
  await mkdir(draft, { recursive: true })
  try {
    const result = await runProcess(
      {
        command: 'npm',
        // Scripts of packages could do anything; those that need them are better put into an image.
        args: [
          'install',
          '--prefix',
          draft,
          '--ignore-scripts',
          '--no-audit',
          '--no-fund',
          '--loglevel=error',
          '--fetch-retries=1',
          ...packages,
        ],
        cwd: draft,
        env: { ...scrubbedEnvironment(), ...registryEnvironment() },
        background: true,
        ...(progress === undefined ? {} : { onLine: progress }),
      },
      signal,
    )
    signal.throwIfAborted()
    if (result.exitCode !== 0) {
      const tail = result.stderr.trim().split('\n').slice(-20)
      throw new Fault('environment_failed', `npm cannot install ${packages.join(', ')}: ${tail[0] ?? 'no output'}`, {
        remedy: 'Correct the packages of the component, or see to it that npm reaches its registry.',
        details: tail,
      })
    }
    // Another process may have been first: what it made is the same.
    await rename(draft, folder).catch(() => access(join(folder, 'package-lock.json')))
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Installed packages under `folder`, found by the hash of what is asked for, Node and platform. */
export const createNodePackages = ({ folder }: { readonly folder: string }): NodePackages => {
  const underway = new Map<string, Promise<void>>()

  const ensureFolder: (
    path: string,
    ...rest: [readonly string[], AbortSignal, ((line: string) => void)?]
  ) => Promise<void> = async (path, packages, signal, progress) => {
    if (
      await access(join(path, 'package-lock.json')).then(
        () => true,
        () => false,
      )
    )
      return
    const other = underway.get(path)
    if (other !== undefined) {
      // It may have been given up by who began it.
      await other.catch(() => {})
      signal.throwIfAborted()
      return ensureFolder(path, packages, signal, progress)
    }
    const own = install(path, packages, signal, progress).finally(() => underway.delete(path))
    underway.set(path, own)
    return own
  }

  return {
    async ensure(packages, signal, progress) {
      const wanted = [...new Set(packages)].sort()
      const path = join(folder, shortDigest(digestJson([wanted, process.version, process.platform, process.arch])))
      await ensureFolder(path, wanted, signal, progress)
      const lock = digestBytes(await readFile(join(path, 'package-lock.json'), 'utf8'))
      return { folder: join(path, 'node_modules'), lock }
    },
  }
}
