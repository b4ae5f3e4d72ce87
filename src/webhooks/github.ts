import { z } from 'zod'
import type { Digest } from '../domain/digest.ts'
import { commitHash, describeIssues, fullRef, isZeroHash, type Translation } from './sender.ts'

const login = z.string().min(1).max(255)
const repository = z.object({ full_name: z.string().min(1).max(255) })
const sender = z.object({ login })

const ping = z.object({ repository: repository.optional() })

const push = z.object({
  ref: fullRef,
  before: commitHash,
  after: commitHash,
  deleted: z.boolean(),
  repository,
  /** Null for a deletion. Of a tag that is an object, `after` is the tag and this its commit. */
  head_commit: z.object({ id: commitHash }).nullish(),
  pusher: z.object({ name: login }).partial().nullish(),
  sender: sender.nullish(),
})

const branch = z
  .string()
  .transform((name) => `refs/heads/${name}`)
  .pipe(fullRef)

const pullRequest = z.object({
  action: z.string().min(1).max(100),
  number: z.int().positive(),
  pull_request: z.object({
    /** `repo` is null where the fork has been deleted since. */
    head: z.object({ ref: branch, sha: commitHash, repo: repository.nullish() }),
    base: z.object({ ref: branch }),
  }),
  changes: z.object({ base: z.unknown() }).partial().nullish(),
  repository,
  sender,
})

/** Actions that bring other code to judge. Labels, reviews and titles do not, nor does closing. */
const actionsWithCode: readonly string[] = ['opened', 'reopened', 'synchronize', 'ready_for_review']

/**
 * A GitHub delivery as Winnow's changes. `event` is the X-GitHub-Event header, `body` the parsed JSON, `bodyDigest`
 * of the signed bytes.
 *
 * The dedupe key is the body's digest alone: a redelivery has the same bytes, two webhooks for one push (the
 * organisation's and the repository's) have too, and the delivery id is a header that the signature does not cover,
 * so that whoever has seen one delivery could replay it under another id.
 *
 * `paths` are left to git: the payload's lists stop at 2,048 commits, are empty for a new branch on an old commit, and
 * say nothing of what a force push took away.
 */
export const translateGithub = (event: string, body: unknown, bodyDigest: Digest): Translation => {
  switch (event) {
    case 'ping':
      return translatePing(body)
    case 'push':
      return translatePush(body, bodyDigest)
    case 'pull_request':
      return translatePullRequest(body, bodyDigest)
    default:
      return { kind: 'ignored', repository: repositoryOf(body), reason: 'Winnow acts on push and pull_request only' }
  }
}

const repositoryOf = (body: unknown): string | undefined =>
  z.object({ repository }).safeParse(body).data?.repository.full_name

const translatePing = (body: unknown): Translation => {
  const read = ping.safeParse(body)
  if (!read.success) return { kind: 'invalid', reason: describeIssues(read.error) }
  return { kind: 'pong', repository: read.data.repository?.full_name }
}

const translatePush = (body: unknown, bodyDigest: Digest): Translation => {
  const read = push.safeParse(body)
  if (!read.success) return { kind: 'invalid', reason: describeIssues(read.error) }
  const { ref, before, after, deleted, head_commit, pusher, ...rest } = read.data
  if (deleted !== isZeroHash(after))
    return { kind: 'invalid', reason: `deleted: is ${deleted} though after is ${after}` }
  return {
    kind: 'happened',
    repository: rest.repository.full_name,
    happenings: [
      {
        cause: { kind: 'push', ref, before, commit: deleted ? after : (head_commit?.id ?? after), deleted },
        author: rest.sender?.login ?? pusher?.name ?? 'unknown',
        dedupeKey: `github:${bodyDigest}`,
      },
    ],
  }
}

const translatePullRequest = (body: unknown, bodyDigest: Digest): Translation => {
  const read = pullRequest.safeParse(body)
  if (!read.success) return { kind: 'invalid', reason: describeIssues(read.error) }
  const { action, number, pull_request, changes, repository, sender } = read.data
  const rebased = action === 'edited' && changes?.base !== undefined
  if (!actionsWithCode.includes(action) && !rebased)
    return {
      kind: 'ignored',
      repository: repository.full_name,
      reason: `a pull request that is ${action} brings no other code`,
    }
  const { head, base } = pull_request
  return {
    kind: 'happened',
    repository: repository.full_name,
    happenings: [
      {
        cause: {
          kind: 'pullRequest',
          number,
          action,
          ref: head.ref,
          commit: head.sha,
          baseRef: base.ref,
          fork: head.repo?.full_name.toLowerCase() !== repository.full_name.toLowerCase(),
        },
        author: sender.login,
        dedupeKey: `github:${bodyDigest}`,
      },
    ],
  }
}
