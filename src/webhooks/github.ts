import { z } from 'zod'
import type { Delivery } from './route.ts'
import {
  branchName,
  commitHash,
  fullRef,
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
const sender = z.object({ login: personName })

const ping = z.object({ repository: repository.optional() })

const push = z.object({
  ref: fullRef,
  before: commitHash,
  after: commitHash,
  deleted: z.boolean(),
  forced: z.boolean().nullish(),
  repository,
  /** Null for a deletion. Of a tag that is an object, `after` is the tag and this its commit. */
  head_commit: z.object({ id: commitHash }).nullish(),
  pusher: z.object({ name: personName }).partial().nullish(),
  sender: sender.nullish(),
})

const pullRequest = z.object({
  action: z.string().min(1).max(100),
  number: z.int().positive(),
  pull_request: z.object({
    /** `repo` is null where the fork has been deleted since. */
    head: z.object({ ref: branchName, sha: commitHash, repo: repository.nullish() }),
    base: z.object({ ref: branchName }),
  }),
  changes: z.object({ base: z.unknown() }).partial().nullish(),
  repository,
  sender,
})

const release = z.object({
  action: z.string().min(1).max(100),
  /** A draft has no tag yet. */
  release: z.object({ tag_name: z.string().max(1_000), draft: z.boolean() }),
  repository,
  sender,
})

const account = z.object({ login: personName })

/** What an App is told of itself. Of an enterprise's installation the account has no login. */
const installation = z.object({
  action: z.string().min(1).max(100),
  installation: z.object({ id: z.int(), account: account.nullish().catch(null) }),
  account: account.nullish().catch(null),
  repositories_removed: z.array(repository).max(10_000).default([]),
})

/** Actions that bring other code to judge. Labels, reviews and titles do not, nor does closing. */
const actionsWithCode: readonly string[] = ['opened', 'reopened', 'synchronize', 'ready_for_review']

/**
 * A GitHub delivery, of a repository's webhook, an organisation's or an App's.
 *
 * The dedupe key is the body's digest alone: a redelivery has the same bytes, two webhooks for one push (the
 * organisation's and the repository's) have too, and the delivery id is a header that the signature does not cover,
 * so that whoever has seen one delivery could replay it under another id.
 *
 * `paths` are left to git: the payload's lists stop at 2,048 commits, are empty for a new branch on an old commit, and
 * say nothing of what a force push took away.
 */
const translateGithub = (delivery: Delivery): Translation => {
  const { body } = delivery
  const event = delivery.header('x-github-event')
  switch (event) {
    case '':
      return invalid('the X-GitHub-Event header is missing')
    case 'ping':
      return translatePing(body)
    case 'push':
      return translatePush(delivery)
    case 'pull_request':
      return translatePullRequest(delivery)
    case 'release':
      return translateRelease(delivery)
    case 'create':
    case 'delete':
      return { kind: 'ignored', repository: repositoryOf(body), reason: 'the push of the same branch or tag says it' }
    case 'installation':
    case 'installation_repositories':
    case 'installation_target':
      return translateInstallation(event, body)
    default:
      return {
        kind: 'ignored',
        repository: repositoryOf(body),
        reason: 'Winnow acts on push, pull_request and release only',
      }
  }
}

const repositoryOf = (body: unknown): string | undefined =>
  z.object({ repository }).safeParse(body).data?.repository.full_name

const translatePing = (body: unknown): Translation => {
  const read = ping.safeParse(body)
  if (!read.success) return misshapen(read.error)
  return { kind: 'pong', repository: read.data.repository?.full_name }
}

const translateInstallation = (event: string, body: unknown): Translation => {
  const read = installation.safeParse(body)
  if (!read.success) return misshapen(read.error)
  const { action, installation: of, account, repositories_removed } = read.data
  const owner = (of.account ?? account)?.login
  const ended = event === 'installation' && (action === 'deleted' || action === 'suspend')
  const ignored = { kind: 'ignored', repository: undefined } as const
  if (ended)
    return {
      ...ignored,
      reason: `the App was ${action === 'deleted' ? 'uninstalled' : 'suspended'}: nothing more will be told`,
      withdraws: owner === undefined ? [] : [`${owner}/`],
    }
  if (repositories_removed.length > 0)
    return {
      ...ignored,
      reason: 'the App was taken off these repositories: nothing more will be told of them',
      withdraws: repositories_removed.map(({ full_name }) => full_name),
    }
  return { ...ignored, reason: 'the config names the repositories, wherever the App is installed' }
}

const translatePush = ({ body, bodyDigest }: Delivery): Translation => {
  const read = push.safeParse(body)
  if (!read.success) return misshapen(read.error)
  const { ref, before, after, deleted, forced, head_commit, pusher, ...rest } = read.data
  if (deleted !== isZeroHash(after)) return invalid(`deleted: is ${deleted} though after is ${after}`)
  return happened(rest.repository.full_name, {
    cause: {
      kind: 'push',
      ref,
      before,
      commit: deleted ? after : (head_commit?.id ?? after),
      deleted,
      ...(typeof forced === 'boolean' ? { forced } : {}),
    },
    author: rest.sender?.login ?? pusher?.name ?? 'unknown',
    dedupeKey: `github:${bodyDigest}`,
  })
}

const translatePullRequest = ({ body, bodyDigest }: Delivery): Translation => {
  const read = pullRequest.safeParse(body)
  if (!read.success) return misshapen(read.error)
  const { action, number, pull_request, changes, repository, sender } = read.data
  const rebased = action === 'edited' && changes?.base !== undefined
  if (!actionsWithCode.includes(action) && !rebased)
    return {
      kind: 'ignored',
      repository: repository.full_name,
      reason: `a pull request that is ${action} brings no other code`,
    }
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
    dedupeKey: `github:${bodyDigest}`,
  })
}

const translateRelease = ({ body, bodyDigest }: Delivery): Translation => {
  const read = release.safeParse(body)
  if (!read.success) return misshapen(read.error)
  const { action, release: released, repository, sender } = read.data
  if (released.draft) return { kind: 'ignored', repository: repository.full_name, reason: 'the release is a draft' }
  const tag = tagName.safeParse(released.tag_name)
  if (!tag.success) return misshapen(tag.error)
  return happened(repository.full_name, {
    cause: { kind: 'release', action, ref: tag.data, commit: null },
    author: sender.login,
    dedupeKey: `github:${bodyDigest}`,
  })
}

export const github: Sender = {
  path: 'github',
  signatureHeader: 'x-hub-signature-256',
  authenticator: hmacAuthenticator(['x-hub-signature-256']),
  translate: translateGithub,
}
