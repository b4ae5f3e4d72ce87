import { digestJson } from '../../src/domain/digest.ts'
import { Fault } from '../../src/domain/errors.ts'
import type { RepositoryHost } from '../../src/domain/ports/host.ts'

type Files = Readonly<Record<string, string>>

/** Repositories of one name each hold the same commits: a commit is its files, and branches point at commits. */
export const createFakeHost = () => {
  const commits = new Map<string, Files>()
  const heads = new Map<string, string>()
  const tags = new Map<string, string>()
  const parents = new Map<string, string>()
  const pulls = new Map<number, string>()
  const messages = new Map<string, string>()
  const checkouts: string[] = []
  const filesOf = (commit: string): Files => {
    const files = commits.get(commit)
    if (files === undefined) throw new Fault('not_found', `there is no commit ${commit}`)
    return files
  }
  const host: RepositoryHost = {
    head: async (_repository, branch) => {
      const commit = heads.get(branch)
      if (commit === undefined)
        throw new Fault('not_found', `there is no branch ${branch}`, { retryable: true, remedy: 'push the branch' })
      return commit
    },
    refs: async () =>
      [
        ...[...heads].map(([branch, commit]) => ({ ref: `refs/heads/${branch}`, commit })),
        ...[...tags].map(([tag, commit]) => ({ ref: `refs/tags/${tag}`, commit })),
      ].map((head) => ({ ...head, object: head.commit })),
    message: async (_repository, commit) => {
      filesOf(commit)
      return messages.get(commit) ?? 'More beans'
    },
    readFile: async (_repository, commit, path) => filesOf(commit)[path],
    filesNamed: async (_repository, commit, name) =>
      Object.keys(filesOf(commit))
        .filter((path) => `/${path}`.endsWith(`/${name}`))
        .sort(),
    treeDigest: async (_repository, commit) => digestJson(filesOf(commit)),
    changedPaths: async (_repository, before, commit) => {
      const then = commits.get(before) ?? {}
      const now = filesOf(commit)
      return [...new Set([...Object.keys(then), ...Object.keys(now)])].filter((path) => then[path] !== now[path])
    },
    fetchPullRequest: async (_repository, number, commit) => pulls.get(number) === commit,
    standing: async (_repository, before, commit) => {
      const line = (from: string): readonly string[] => {
        const parent = parents.get(from)
        return parent === undefined ? [from] : [from, ...line(parent)]
      }
      const [ours, theirs] = [line(commit), line(before)]
      if (before === commit) return { way: 'same' }
      if (ours.includes(before)) return { way: 'forward' }
      if (theirs.includes(commit)) return { way: 'back' }
      const base = ours.find((one) => theirs.includes(one))
      return base === undefined ? { way: 'unknown' } : { way: 'aside', base }
    },
    checkout: async (_repository, commit) => {
      filesOf(commit)
      checkouts.push(commit)
      return { folder: commit, [Symbol.asyncDispose]: async () => {} }
    },
  }
  /** Commits all files of a branch, after what it had or after `onto`; the same files at another time are another commit. */
  const commit = (branch: string, files: Files, message?: string, onto = heads.get(branch)): string => {
    const hash = digestJson({ files, at: commits.size }).slice(7, 47)
    commits.set(hash, files)
    if (onto !== undefined) parents.set(hash, onto)
    heads.set(branch, hash)
    if (message !== undefined) messages.set(hash, message)
    return hash
  }
  return { host, commit, checkouts, heads, tags, pulls }
}
