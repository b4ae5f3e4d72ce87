import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import type { Duration } from '../../domain/time.ts'
import { findEscapingLink } from './escaping-link.ts'
import { complaintOf, lastLines } from './git-command.ts'
import type { Mirror } from './mirror.ts'

export interface CheckoutLimits {
  readonly timeout: Duration
  /** Of all files together, as they lie on disk. */
  readonly maxBytes: number
  readonly maxFiles: number
}

interface TreeEntry {
  readonly mode: string
  readonly size: number
  readonly path: string
}

/** Room for a path and its columns; a listing that needs more has too many files. */
const bytesPerFile = 400

/**
 * Lays a commit's files into a fresh folder under `parent`, with no .git. Submodules stay empty folders, LFS pointers
 * stay pointers. Fault checkout_refused for what is too large or leads out of the folder; then nothing is left behind.
 */
export const layOut = async (
  mirror: Mirror,
  commit: string,
  parent: string,
  limits: CheckoutLimits,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly folder: string }> => {
  const entries = await listTree(mirror, commit, limits, signal)
  requireModest(commit, entries, limits)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const root = await mkdtemp(join(parent, `${commit.slice(0, 12)}-`))
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true, maxRetries: 3 })
  try {
    const folder = join(root, 'tree')
    await mkdir(folder)
    const env = { GIT_INDEX_FILE: join(root, 'index'), GIT_WORK_TREE: folder }
    for (const args of [
      ['read-tree', commit],
      ['checkout-index', '--all', '--quiet'],
    ]) {
      const result = await mirror.git({ args, env, timeout: limits.timeout }, signal)
      if (result.exitCode !== 0)
        throw new Fault('checkout_refused', `git refuses to lay out ${commit}: ${complaintOf(result)}`, {
          remedy: 'remove the file that git names from the repository',
          details: lastLines(result),
        })
    }
    await rm(join(root, 'index'), { force: true })
    const links = entries.filter(({ mode }) => mode === '120000').map(({ path }) => path)
    const escaping = await findEscapingLink(folder, links)
    if (escaping !== undefined)
      throw new Fault('checkout_refused', `${escaping} in ${commit} is a link that leads out of the repository`, {
        remedy: 'put a copy of what it points at into the repository',
      })
    return { folder, [Symbol.asyncDispose]: remove }
  } catch (fault) {
    await remove()
    throw fault
  }
}

const listTree = async (
  mirror: Mirror,
  commit: string,
  limits: CheckoutLimits,
  signal: AbortSignal,
): Promise<readonly TreeEntry[]> => {
  const args = ['ls-tree', '-r', '-l', '-z', '--full-tree', commit]
  const maxOutputBytes = limits.maxFiles * bytesPerFile
  const { exitCode, stdout, stderr } = await mirror.git({ args, timeout: limits.timeout, maxOutputBytes }, signal)
  if (exitCode !== 0)
    throw new Fault('checkout_failed', `the tree of ${commit} cannot be read`, {
      retryable: true,
      details: lastLines({ stderr }),
    })
  return stdout
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t')
      const [mode = '', , , size = '-'] = line.slice(0, tab).split(/ +/)
      return { mode, size: size === '-' ? 0 : Number(size), path: line.slice(tab + 1) }
    })
}

const requireModest = (commit: string, entries: readonly TreeEntry[], limits: CheckoutLimits): void => {
  const refuse = (why: string, remedy: string): Fault => new Fault('checkout_refused', `${commit} ${why}`, { remedy })
  const keepOut = 'keep data out of the repository, in a bucket or folder that a data trigger watches'
  if (entries.length > limits.maxFiles)
    throw refuse(`has ${entries.length} files, more than the ${limits.maxFiles} that are taken`, keepOut)
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  if (total > limits.maxBytes)
    throw refuse(`holds ${total} bytes, more than the ${limits.maxBytes} that are taken`, keepOut)
  // Two names that are no UTF-8 can look the same here, and what was checked would not be what is laid out.
  const unreadable = entries.find(({ path }) => path.includes('\ufffd'))
  if (unreadable !== undefined)
    throw refuse(`has a file whose name is no UTF-8: ${unreadable.path}`, 'give the file a name in UTF-8')
}
