import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestBytes } from '../../domain/digest.ts'
import { Fault, isFault } from '../../domain/errors.ts'
import type { RepositoryHost } from '../../domain/ports/host.ts'
import type { Duration } from '../../domain/time.ts'
import { layOut } from './checkout.ts'
import { complaintOf, lastLines } from './git-command.ts'
import { parseGitRemote } from './git-remote.ts'
import { createMirror, type Mirror } from './mirror.ts'
import { standingIn } from './standing.ts'

export interface GitHostOptions {
  /** Where mirrors and checkouts lie; this process has it for itself. */
  readonly folder: string
  /** By Winnow's name: the address that the config gives. Nothing else is ever fetched. */
  readonly repositories: Readonly<
    Record<
      string,
      {
        readonly url: string
        readonly accessToken?: string
        /** Where its host shows the heads of pull requests; `*` stands for their number. */
        readonly pullRequests?: string
      }
    >
  >
  readonly limits?: Partial<GitLimits>
}

export interface GitLimits {
  readonly fetchTimeout: Duration
  /** Of what is sent for one commit, compressed. */
  readonly maxFetchBytes: number
  readonly checkoutTimeout: Duration
  readonly maxCheckoutBytes: number
  readonly maxFiles: number
  /** Of a file that is read by itself, such as winnow.yaml. */
  readonly maxReadBytes: number
  /** Commits before one that are looked through for another: as many as GitHub Actions compares. */
  readonly maxHistory: number
}

const mebibyte = 1024 * 1024
const defaultLimits: GitLimits = {
  fetchTimeout: 120_000,
  maxFetchBytes: 256 * mebibyte,
  checkoutTimeout: 60_000,
  maxCheckoutBytes: 512 * mebibyte,
  maxFiles: 50_000,
  maxReadBytes: 2 * mebibyte,
  maxHistory: 1_000,
}

/** Room for a path in a listing; one that needs more names too many files. */
const bytesPerPath = 400
const mostListingsKept = 200

const isCommit = (text: string): boolean => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
// biome-ignore lint/suspicious/noControlCharactersInRegex: git refuses them in branch names
const forbiddenInBranches = /^-|^\/|[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|(?:^|\/)\.|\.lock(?:\/|$)|[/.]$/

/**
 * Repositories read by the real git (2.30 or newer), each through a bare mirror of ours, fetched commit by commit.
 * Raises Fault config_invalid at once for an address that git must not be given.
 */
export const createGitHost = (options: GitHostOptions): RepositoryHost => {
  const limits = { ...defaultLimits, ...options.limits }
  const remotes = new Map(
    Object.entries(options.repositories).map(([name, { url, accessToken }]) => [
      name,
      { remote: parseGitRemote(name, url), accessToken },
    ]),
  )
  const mirrors = new Map<string, Mirror>()
  /** What a commit holds never changes. */
  const named = new Map<string, readonly string[]>()
  const checkouts = join(options.folder, 'checkouts')
  // Left by a process that was killed; whoever had them is gone.
  let cleared: Promise<void> | undefined

  const mirrorOf = (repository: string, sha256: boolean, history?: number): Mirror => {
    const configured = remotes.get(repository)
    if (configured === undefined)
      throw new Fault('not_found', `the config names no repository ${repository}`, {
        remedy: 'add it under repositories',
      })
    const key = `${repository} ${sha256} ${history ?? ''}`
    const known = mirrors.get(key)
    if (known !== undefined) return known
    const { fetchTimeout, maxFetchBytes } = limits
    const folder = join(options.folder, 'mirrors')
    const mirror = createMirror(
      {
        folder,
        repository,
        ...configured,
        fetchTimeout,
        maxFetchBytes,
        ...(history === undefined ? {} : { history }),
      },
      sha256,
    )
    mirrors.set(key, mirror)
    return mirror
  }

  const holding = async (repository: string, commit: string, signal: AbortSignal): Promise<Mirror> => {
    if (!isCommit(commit))
      throw new Fault('checkout_refused', `${JSON.stringify(commit)} is no full commit hash`, {
        remedy: 'name the commit by all of its 40 or 64 hex digits',
      })
    const mirror = mirrorOf(repository, commit.length === 64)
    await mirror.ensure(commit, signal)
    return mirror
  }

  const read = async (
    mirror: Mirror,
    args: readonly string[],
    maxOutputBytes: number,
    signal: AbortSignal,
    stdin?: string,
  ) => {
    const request = { args, timeout: limits.checkoutTimeout, maxOutputBytes, ...(stdin === undefined ? {} : { stdin }) }
    const result = await mirror.git(request, signal)
    if (result.exitCode !== 0)
      throw new Fault('checkout_failed', `git ${args[0]} failed: ${complaintOf(result)}`, {
        retryable: true,
        details: lastLines(result),
      })
    return result.stdout
  }

  const listed = (stdout: string): readonly string[] => stdout.split('\0').filter((path) => path !== '')

  return {
    async head(repository, branch, signal) {
      if (branch === '' || branch.length > 255 || forbiddenInBranches.test(branch))
        throw new Fault('checkout_refused', `${JSON.stringify(branch)} is no name of a branch`)
      return mirrorOf(repository, false).head(branch, signal)
    },

    refs: (repository, signal) => mirrorOf(repository, false).refs(signal),

    async message(repository, commit, signal) {
      const mirror = await holding(repository, commit, signal)
      return read(mirror, ['log', '-1', '--no-show-signature', '--format=%B', commit], limits.maxReadBytes, signal)
    },

    async readFile(repository, commit, path, signal) {
      requirePath(path)
      const mirror = await holding(repository, commit, signal)
      // Links are followed inside the tree, as they would be in a checkout; one that leads out is no file.
      const asked = ['cat-file', '--batch-check=%(objecttype) %(objectname) %(objectsize)', '--follow-symlinks']
      const answer = await read(mirror, asked, limits.maxReadBytes, signal, `${commit}:${path}\n`)
      const [, id, size] = /^blob ([0-9a-f]+) (\d+)\n$/.exec(answer) ?? []
      if (id === undefined) return undefined
      if (Number(size) > limits.maxReadBytes)
        throw new Fault(
          'checkout_refused',
          `${path} has ${size} bytes, more than the ${limits.maxReadBytes} that are read`,
        )
      return read(mirror, ['cat-file', 'blob', id], 2 * Number(size) + 1_000, signal)
    },

    async filesNamed(repository, commit, name, signal) {
      const key = `${repository} ${commit} ${name}`
      const known = named.get(key)
      if (known !== undefined) return known
      const mirror = await holding(repository, commit, signal)
      const args = ['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit]
      const paths = listed(await read(mirror, args, limits.maxFiles * bytesPerPath, signal))
        .filter((path) => path === name || path.endsWith(`/${name}`))
        .sort()
      // Watches ask again and again for the same head.
      if (named.size >= mostListingsKept) named.clear()
      named.set(key, paths)
      return paths
    },

    async treeDigest(repository, commit, signal) {
      const mirror = await holding(repository, commit, signal)
      const tree = await read(mirror, ['rev-parse', '--verify', `${commit}^{tree}`], 1_000, signal)
      return digestBytes(`git tree ${tree.trim()}`)
    },

    async fetchPullRequest(repository, number, commit, signal) {
      const pattern = options.repositories[repository]?.pullRequests
      if (pattern === undefined || !isCommit(commit) || !Number.isSafeInteger(number))
        throw new Fault('checkout_refused', `the host of ${repository} does not show the code of pull requests`, {
          remedy: 'leave out forks: sandbox for this repository',
        })
      return mirrorOf(repository, commit.length === 64).ensureAt(pattern.replace('*', String(number)), commit, signal)
    },

    async standing(repository, before, commit, signal) {
      const history = mirrorOf(repository, commit.length === 64, limits.maxHistory)
      return standingIn(history, before, commit, limits.checkoutTimeout, signal)
    },

    async changedPaths(repository, before, commit, signal) {
      const mirror = await holding(repository, commit, signal)
      const room = limits.maxFiles * bytesPerPath
      const all = async () =>
        listed(await read(mirror, ['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit], room, signal))
      if (/^0+$/.test(before) || before.length !== commit.length) return all()
      try {
        await holding(repository, before, signal)
      } catch (fault) {
        // What a force push took away may be gone for good. The commit itself could be fetched, so it is not the
        // network: count everything as changed rather than miss something.
        if (isFault(fault, 'checkout_failed') || isFault(fault, 'checkout_refused')) return all()
        throw fault
      }
      return listed(
        await read(mirror, ['diff-tree', '-r', '-z', '--name-only', '--no-renames', before, commit], room, signal),
      )
    },

    async checkout(repository, commit, signal) {
      cleared ??= rm(checkouts, { recursive: true, force: true, maxRetries: 3 })
      await cleared
      const mirror = await holding(repository, commit, signal)
      const { checkoutTimeout: timeout, maxCheckoutBytes: maxBytes, maxFiles } = limits
      return layOut(mirror, commit, checkouts, { timeout, maxBytes, maxFiles }, signal)
    },
  }
}

const requirePath = (path: string): void => {
  const parts = path.split('/')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a line end would be a second question to git
  if (path === '' || /[\u0000\n\r]/.test(path) || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new Fault('checkout_refused', `${JSON.stringify(path)} is no path inside a repository`)
}
