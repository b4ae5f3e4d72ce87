import type { Digest } from '../digest.ts'

/** A branch or a tag of a repository. */
export interface RefHead {
  /** Full ref, `refs/heads/main`. */
  readonly ref: string
  readonly commit: string
  /** What the ref itself points at: of an annotated tag the tag, else the commit. */
  readonly object: string
}

/**
 * How one commit stands to another in history: `forward` where it comes after the other, `back` where it comes before,
 * `aside` where both come after their `base`. `unknown` where history does not say, or not within its bounds.
 */
export type Standing =
  | { readonly way: 'same' | 'forward' | 'back' | 'unknown' }
  | { readonly way: 'aside'; readonly base: string }

/** What Winnow may read of a Git host's repository. Commits are full hashes. */
export interface RepositoryHost {
  /** Every branch and tag, as they stand now. */
  refs(repository: string, signal: AbortSignal): Promise<readonly RefHead[]>
  /** What the author wrote about a commit. */
  message(repository: string, commit: string, signal: AbortSignal): Promise<string>
  /** The commit that a branch points at now. */
  head(repository: string, branch: string, signal: AbortSignal): Promise<string>
  /** A file of a commit, or undefined where the commit has none at that path. */
  readFile(repository: string, commit: string, path: string, signal: AbortSignal): Promise<string | undefined>
  /** Paths of a commit's files that have this name, in whatever folder; sorted. */
  filesNamed(repository: string, commit: string, name: string, signal: AbortSignal): Promise<readonly string[]>
  /** Digest of the tree of a commit: the same files, the same digest. */
  treeDigest(repository: string, commit: string, signal: AbortSignal): Promise<Digest>
  /**
   * Fetches the head of a pull request from the repository itself, never from the fork; true where it is at `commit`.
   * Fault `checkout_refused` where the host shows no such heads.
   */
  fetchPullRequest(repository: string, number: number, commit: string, signal: AbortSignal): Promise<boolean>
  /** How `commit` stands to `before`. A host that cannot be asked, or that has lost one of them, is `unknown`. */
  standing(repository: string, before: string, commit: string, signal: AbortSignal): Promise<Standing>
  /** Paths that differ between two commits; all of the commit's where `before` is all zeros or unknown. */
  changedPaths(repository: string, before: string, commit: string, signal: AbortSignal): Promise<readonly string[]>
  /** Lays the exact commit into a fresh folder; the caller disposes of it. */
  checkout(
    repository: string,
    commit: string,
    signal: AbortSignal,
  ): Promise<AsyncDisposable & { readonly folder: string }>
}
