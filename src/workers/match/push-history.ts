import type { Change, ChangeCause } from '../../domain/change.ts'
import { isFault } from '../../domain/errors.ts'
import type { RepositoryHost } from '../../domain/ports/host.ts'
import type { Store } from '../../domain/ports/store.ts'

type PushCause = Extract<ChangeCause, { kind: 'push' }>

interface PushPorts {
  readonly host: RepositoryHost
  readonly store: Store
}

const isZero = (hash: string): boolean => /^0*$/.test(hash)

/**
 * The paths that a push touched, as GitHub Actions counts them: what differs between the commit and the one that the ref
 * was at, wherever that lies in history; of a new branch, what its own commits changed. All of the commit's where
 * nobody knows.
 */
export const pathsOfPush = async (
  { host }: PushPorts,
  repository: string,
  { ref, before, commit }: PushCause,
  defaultBranch: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  if (!isZero(before) || ref === `refs/heads/${defaultBranch}`)
    return host.changedPaths(repository, before, commit, signal)
  const head = await host.head(repository, defaultBranch, signal).catch((error: unknown) => {
    if (isFault(error, 'not_found')) return undefined
    throw error
  })
  if (head === undefined) return host.changedPaths(repository, before, commit, signal)
  const standing = await host.standing(repository, head, commit, signal)
  if (standing.way === 'same' || standing.way === 'back') return []
  const base = standing.way === 'forward' ? head : standing.way === 'aside' ? standing.base : before
  return host.changedPaths(repository, base, commit, signal)
}

/** Words for a push that did not just add commits to its ref; undefined where it did, or where nobody knows. */
export const wayOfPush = async (
  { host }: PushPorts,
  repository: string,
  { ref, before, commit, forced }: PushCause,
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (forced === false || isZero(before) || !ref.startsWith('refs/heads/')) return undefined
  const { way } = await host.standing(repository, before, commit, signal)
  if (way === 'back') return `the branch went back from ${before.slice(0, 12)}`
  if (way === 'aside') return `a forced push took ${before.slice(0, 12)} off the branch`
  return way === 'unknown' && forced ? 'a forced push' : undefined
}

/** How many pushes of a ref are looked through for the one that came before. */
const mostLookedThrough = 20

/**
 * The change that told of a newer push of the same ref, where this one was delivered late: it does not start where
 * that one ended, the ref is not at its commit, and that one begins with its commit, comes after it, or took the ref away.
 */
export const overtakenBy = async (
  { host, store }: PushPorts,
  change: Change,
  cause: PushCause,
  signal: AbortSignal,
): Promise<{ readonly change: Change; readonly reason: string } | undefined> => {
  const { repository } = change
  const pushes = await store.list('change', { repository, ref: cause.ref }, mostLookedThrough)
  const earlier = pushes.find(({ id, cause: { kind } }) => id < change.id && kind === 'push')
  if (earlier?.cause.kind !== 'push') return undefined
  const { before, commit, deleted } = earlier.cause
  if (commit === cause.before || commit === cause.commit || (deleted && isZero(cause.before))) return undefined
  const why = deleted
    ? 'took the branch away'
    : before === cause.commit
      ? 'begins where this one ends'
      : (await host.standing(repository, cause.commit, commit, signal)).way === 'forward'
        ? 'has a commit that comes after this one'
        : undefined
  if (why === undefined) return undefined
  const head = (await host.refs(repository, signal)).find(({ ref }) => ref === cause.ref)
  if (head?.commit === cause.commit) return undefined
  return { change: earlier, reason: `change ${earlier.id} came first and ${why}` }
}
