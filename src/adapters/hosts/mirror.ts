import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestBytes, shortDigest } from '../../domain/digest.ts'
import { Fault } from '../../domain/errors.ts'
import type { RefHead } from '../../domain/ports/host.ts'
import type { Duration } from '../../domain/time.ts'
import { complaintOf, type GitRequest, lastLines, runGit } from './git-command.ts'
import type { GitRemote } from './git-remote.ts'
import { parseRefs } from './list-refs.ts'

export interface MirrorOptions {
  readonly folder: string
  readonly repository: string
  readonly remote: GitRemote
  readonly accessToken: string | undefined
  readonly fetchTimeout: Duration
  readonly maxFetchBytes: number
  /** Instead of a commit's tree as many commits that come before it, without theirs. */
  readonly history?: number
}

/** A bare repository of ours that holds the trees of the commits that were asked for, or their history, never both. */
export interface Mirror {
  /** Fetches the commit unless it is there. Faults: checkout_failed (retryable), checkout_refused. */
  ensure(commit: string, signal: AbortSignal): Promise<void>
  /** Fetches a ref and keeps its commit where that is this one; false where it is another. */
  ensureAt(ref: string, commit: string, signal: AbortSignal): Promise<boolean>
  /** The commit that a branch of the remote points at. */
  head(branch: string, signal: AbortSignal): Promise<string>
  /** Every branch and tag of the remote. */
  refs(signal: AbortSignal): Promise<readonly RefHead[]>
  /** Runs git in the mirror, without network. */
  git(request: Omit<GitRequest, 'cwd'>, signal: AbortSignal): ReturnType<typeof runGit>
}

/** More packs than this are joined to one: git looks into each for every object. */
const maxPacks = 50
const maxPathBytes = 16 * 1024 * 1024

/** Answers git's questions for a user and a password from the environment, so that neither is on a command line or on disk. */
const askPass = `#!/bin/sh
case "$1" in
  Username*) printf '%s\\n' x-access-token ;;
  *) printf '%s\\n' "$WINNOW_ACCESS_TOKEN" ;;
esac
`

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** `sha256`: whether the repository's hashes have 64 digits. A mirror holds one kind. */
export const createMirror = (options: MirrorOptions, sha256: boolean): Mirror => {
  const { remote, repository, accessToken, history } = options
  // The address is part of the name: another remote under the same name must not see the objects of the first.
  const name = `${repository}-${shortDigest(digestBytes(`${remote.url} ${sha256}`))}${history === undefined ? '' : '-history'}`
  const folder = join(options.folder, `${name}.git`)
  let queue: Promise<unknown> = Promise.resolve()
  /** Commits that were seen in the mirror. Each has a ref there, so nothing takes it away; and starting git to ask again stops the event loop. */
  const seen = new Set<string>()

  /** One at a time: fetches write the same files, and what a crash left is cleared in between. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = queue.then(work, work)
    queue = mine.catch(() => {})
    return mine
  }

  const open = async (signal: AbortSignal): Promise<void> => {
    if (await exists(folder)) return
    seen.clear()
    await mkdir(options.folder, { recursive: true, mode: 0o700 })
    const draft = `${folder}.${randomBytes(4).toString('hex')}.draft`
    const format = sha256 ? ['--object-format=sha256'] : []
    const args = ['init', '--quiet', '--bare', '--template=', ...format, draft]
    const made = await runGit({ args, cwd: options.folder, timeout: 30_000 }, signal)
    if (made.exitCode !== 0) throw failed('making a mirror', made)
    await writeFile(join(draft, 'askpass'), askPass, { mode: 0o700 })
    await rename(draft, folder)
  }

  const failed = (what: string, result: { readonly stderr: string }): Fault =>
    new Fault('checkout_failed', `${what} of ${repository} failed: ${complaintOf(result)}`, {
      retryable: true,
      remedy: `check that ${remote.url} can be reached from here, and the repository's accessToken`,
      details: lastLines(result),
    })

  const git: Mirror['git'] = (request, signal) =>
    runGit({ ...request, cwd: folder, env: { GIT_DIR: folder, ...request.env } }, signal)

  const online = (args: readonly string[], signal: AbortSignal) =>
    runGit(
      {
        args,
        cwd: folder,
        timeout: options.fetchTimeout,
        maxFileBytes: options.maxFetchBytes,
        maxOutputBytes: maxPathBytes,
        env: {
          GIT_DIR: folder,
          GIT_ALLOW_PROTOCOL: remote.scheme,
          ...(accessToken === undefined
            ? {}
            : { GIT_ASKPASS: join(folder, 'askpass'), WINNOW_ACCESS_TOKEN: accessToken }),
        },
      },
      signal,
      { [`protocol.${remote.scheme}.allow`]: 'always' },
    )

  const packFolder = join(folder, 'objects', 'pack')
  const unfinishedPacks = async (): Promise<readonly string[]> =>
    (await readdir(packFolder).catch(() => []))
      .filter((file) => file.startsWith('tmp_'))
      .map((f) => join(packFolder, f))

  /** A fetch that was killed leaves locks and half packs, and the mirror is ours alone: nobody else holds them. */
  const clear = async (): Promise<void> => {
    const locks = (await readdir(folder)).filter((file) => file.endsWith('.lock')).map((file) => join(folder, file))
    const refs = join(folder, 'refs', 'winnow')
    const refLocks = (await readdir(refs).catch(() => [])).filter((f) => f.endsWith('.lock')).map((f) => join(refs, f))
    for (const file of [...locks, ...refLocks, ...(await unfinishedPacks())]) await rm(file, { force: true })
  }

  const joinPacks = async (signal: AbortSignal): Promise<void> => {
    const packs = (await readdir(packFolder)).filter((file) => file.endsWith('.pack'))
    if (packs.length > maxPacks)
      await git({ args: ['repack', '-a', '-d', '-q'], timeout: options.fetchTimeout }, signal)
  }

  const holds = async (commit: string, signal: AbortSignal): Promise<boolean> => {
    if (seen.has(commit)) return true
    const args = ['rev-parse', '--quiet', '--verify', `refs/winnow/${commit}^{commit}`]
    const held = (await git({ args, timeout: 30_000 }, signal)).exitCode === 0
    if (held) seen.add(commit)
    return held
  }

  /** Into a ref of the mirror's own. */
  const fetchInto = async (kept: string, commit: string, signal: AbortSignal): Promise<void> => {
    await clear()
    // A host that knows no filters sends the trees too: what that may cost is bounded.
    const depth = history === undefined ? ['--depth=1'] : [`--depth=${history}`, '--filter=tree:0']
    const args = ['fetch', '--quiet', ...depth, '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']
    const result = await online([...args, '--', remote.url, `+${commit}:${kept}`], signal)
    if (result.exitCode === 0) return joinPacks(signal)
    const sizes = await Promise.all((await unfinishedPacks()).map(async (file) => (await stat(file)).size))
    await clear()
    if (Math.max(0, ...sizes) >= options.maxFetchBytes)
      throw new Fault('checkout_refused', `${commit} of ${repository} is larger than ${options.maxFetchBytes} bytes`, {
        remedy: 'keep data out of the repository, in a bucket or folder that a data trigger watches',
      })
    // git has one exit code for all; its English words for this one are held by a test.
    if (/\bfsck error\b/.test(result.stderr))
      throw new Fault('checkout_refused', `${commit} of ${repository} holds objects that git holds for harmful`, {
        remedy: 'run git fsck in the repository and rewrite what it complains about',
        details: lastLines(result),
      })
    throw failed(`fetching ${commit}`, result)
  }

  return {
    git,
    ensure: (commit, signal) =>
      alone(async () => {
        await open(signal)
        if (await holds(commit, signal)) return
        await fetchInto(`refs/winnow/${commit}`, commit, signal)
        if (!(await holds(commit, signal)))
          throw new Fault('checkout_refused', `${commit} of ${repository} is no commit`)
      }),
    ensureAt: (ref, commit, signal) =>
      alone(async () => {
        await open(signal)
        if (await holds(commit, signal)) return true
        // No name of a commit: what was fetched is not yet known to be the one that was asked for.
        const candidate = 'refs/winnow/candidate'
        await fetchInto(candidate, ref, signal)
        const found = await git({ args: ['rev-parse', '--verify', `${candidate}^{commit}`], timeout: 30_000 }, signal)
        if (found.exitCode !== 0 || found.stdout.trim() !== commit) return false
        const keep = ['update-ref', `refs/winnow/${commit}`, commit]
        return (await git({ args: keep, timeout: 30_000 }, signal)).exitCode === 0
      }),
    refs: (signal) =>
      alone(async () => {
        await open(signal)
        const result = await online(['ls-remote', '--quiet', '--heads', '--tags', '--', remote.url], signal)
        if (result.exitCode !== 0) throw failed('listing the branches and tags', result)
        return parseRefs(result.stdout)
      }),
    head: (branch, signal) =>
      alone(async () => {
        await open(signal)
        const ref = `refs/heads/${branch}`
        const result = await online(['ls-remote', '--quiet', '--refs', '--', remote.url, ref], signal)
        if (result.exitCode !== 0) throw failed('listing the branches', result)
        const line = result.stdout.split('\n').find((candidate) => candidate.split('\t')[1] === ref)
        const commit = line?.split('\t')[0]
        if (commit === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit))
          throw new Fault('not_found', `${repository} has no branch ${branch}`, {
            // Somebody may push it again: what waits for it is not lost meanwhile.
            retryable: true,
            remedy: `push the branch, or correct the repository's defaultBranch`,
          })
        return commit
      }),
  }
}
