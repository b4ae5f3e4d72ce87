import { z } from 'zod'
import type { Delivery } from './route.ts'
import {
  branchName,
  commitHash,
  fullRef,
  type HostKind,
  happened,
  invalid,
  isFork,
  isZeroHash,
  misshapen,
  personName,
  repositoryName,
  type Sender,
  type Translation,
  tagName,
} from './sender.ts'
import { hmacAuthenticator } from './signatures.ts'

const repository = z.object({ full_name: repositoryName })
const user = z.object({ login: personName })

const push = z.object({
  ref: fullRef,
  before: commitHash,
  after: commitHash,
  /** Null for a deletion. Of a tag that is an object, `after` is the tag and this its commit. */
  head_commit: z.object({ id: commitHash }).nullish(),
  pusher: user.nullish(),
  repository,
})

/** Branches that go are told by this event alone. */
const deletion = z.object({ ref_type: z.string(), ref: z.string(), repository, sender: user.nullish() })

const pullRequest = z.object({
  action: z.string().min(1).max(100),
  number: z.int().positive(),
  pull_request: z.object({
    /** `repo` is null where the fork has been deleted since. */
    head: z.object({ ref: branchName, sha: commitHash, repo: repository.nullish() }),
    base: z.object({ ref: branchName }),
  }),
  changes: z.object({ ref: z.unknown() }).partial().nullish(),
  repository,
  sender: user,
})

const release = z.object({
  action: z.string().min(1).max(100),
  release: z.object({ tag_name: tagName, draft: z.boolean().default(false) }),
  repository,
  sender: user.nullish(),
})

/** Gitea's words → GitHub's, which the ledger speaks. */
const pullRequestActions: Readonly<Record<string, string>> = {
  opened: 'opened',
  reopened: 'reopened',
  synchronized: 'synchronize',
}
const releaseActions: Readonly<Record<string, string>> = { updated: 'edited' }

const zeros = '0'.repeat(40)

const ignored = (body: unknown, reason: string): Translation => ({
  kind: 'ignored',
  repository: z.object({ repository }).safeParse(body).data?.repository.full_name,
  reason,
})

/**
 * A delivery of Gitea or Forgejo. Both name each event in several headers, which mean the same.
 * The dedupe key is the body's digest alone: the delivery's id is a header that no signature covers.
 */
const translateGitea = (delivery: Delivery): Translation => {
  const { header, body } = delivery
  const event = header('x-forgejo-event') || header('x-gitea-event')
  switch (event) {
    case '':
      return invalid('the X-Gitea-Event or X-Forgejo-Event header is missing')
    case 'push':
      return translatePush(delivery)
    case 'delete':
      return translateDeletion(delivery)
    case 'pull_request':
    case 'pull_request_sync':
      return translatePullRequest(delivery)
    case 'release':
      return translateRelease(delivery)
    case 'create':
      return ignored(body, 'the push of the same branch or tag says it')
    default:
      return ignored(body, 'Winnow acts on pushes, tags, pull requests and releases only')
  }
}

const keyOf = ({ bodyDigest }: Delivery): string => `gitea:${bodyDigest}`

const translatePush = (delivery: Delivery): Translation => {
  const read = push.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const { ref, before, after, head_commit, pusher, repository } = read.data
  const deleted = isZeroHash(after)
  return happened(repository.full_name, {
    cause: { kind: 'push', ref, before, commit: deleted ? after : (head_commit?.id ?? after), deleted },
    author: pusher?.login ?? 'unknown',
    dedupeKey: keyOf(delivery),
  })
}

const translateDeletion = (delivery: Delivery): Translation => {
  const read = deletion.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const { ref_type, ref, repository, sender } = read.data
  if (ref_type !== 'branch') return ignored(delivery.body, 'the push of the same tag says it')
  const branch = branchName.safeParse(ref)
  if (!branch.success) return misshapen(branch.error)
  return happened(repository.full_name, {
    cause: { kind: 'push', ref: branch.data, before: zeros, commit: zeros, deleted: true },
    author: sender?.login ?? 'unknown',
    dedupeKey: keyOf(delivery),
  })
}

const translatePullRequest = (delivery: Delivery): Translation => {
  const read = pullRequest.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const { action: word, number, pull_request, changes, repository, sender } = read.data
  const rebased = word === 'edited' && changes?.ref !== undefined
  const action = rebased ? 'edited' : Object.hasOwn(pullRequestActions, word) ? pullRequestActions[word] : undefined
  if (action === undefined) return ignored(delivery.body, `a pull request that is ${word} brings no other code`)
  const { head, base } = pull_request
  return happened(repository.full_name, {
    cause: {
      kind: 'pullRequest',
      number,
      action,
      ref: head.ref,
      commit: head.sha,
      baseRef: base.ref,
      fork: isFork(head.repo?.full_name, repository.full_name),
    },
    author: sender.login,
    dedupeKey: keyOf(delivery),
  })
}

const translateRelease = (delivery: Delivery): Translation => {
  const read = release.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const { action, release: released, repository, sender } = read.data
  if (released.draft) return ignored(delivery.body, 'the release is a draft')
  const said = Object.hasOwn(releaseActions, action) ? releaseActions[action] : undefined
  return happened(repository.full_name, {
    cause: { kind: 'release', action: said ?? action, ref: released.tag_name, commit: null },
    author: sender?.login ?? 'unknown',
    dedupeKey: keyOf(delivery),
  })
}

const giteaOf = (path: HostKind): Sender => ({
  path,
  signatureHeader: 'X-Gitea-Signature, X-Forgejo-Signature or X-Hub-Signature-256',
  authenticator: hmacAuthenticator(['x-forgejo-signature', 'x-gitea-signature', 'x-hub-signature-256']),
  translate: translateGitea,
})

export const gitea = giteaOf('gitea')
export const forgejo = giteaOf('forgejo')
