import type { ChangeCause } from '../../domain/change.ts'
import type { RepositoryHost } from '../../domain/ports/host.ts'

type CommitCause = Extract<ChangeCause, { kind: 'push' | 'pullRequest' | 'release' | 'request' }>

export type FoundCommit =
  | { readonly ok: true; readonly commit: string }
  | { readonly ok: false; readonly reason: string }

/** The full commit that a change is about. Where the sender did not say, git is asked what the branch or tag is now. */
export const commitOf = async (
  host: RepositoryHost,
  repository: string,
  cause: CommitCause,
  defaultBranch: string,
  signal: AbortSignal,
): Promise<FoundCommit> => {
  if (cause.kind === 'request') return found(cause.commit ?? (await host.head(repository, defaultBranch, signal)))
  const said = cause.commit ?? ''
  if (said.length >= 40) return found(said)
  const head = (await host.refs(repository, signal)).find(({ ref }) => ref === cause.ref)
  if (head === undefined) return { ok: false, reason: `${cause.ref} is not there any more` }
  if (head.commit.startsWith(said)) return found(head.commit)
  return { ok: false, reason: `${cause.ref} has moved on from ${said}` }
}

const found = (commit: string): FoundCommit => ({ ok: true, commit })
