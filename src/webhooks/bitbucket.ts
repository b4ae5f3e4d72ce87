import { z } from 'zod'
import { translateDataCenter } from './bitbucket-data-center.ts'
import type { Delivery } from './route.ts'
import {
  branchName,
  commitHash,
  type Happening,
  happened,
  invalid,
  isFork,
  misshapen,
  personName,
  repositoryName,
  type Sender,
  type Translation,
} from './sender.ts'
import { hmacAuthenticator } from './signatures.ts'

// Bitbucket Cloud. Data Center signs as Cloud does and shares its route, but its events and bodies are others.

const repository = z.object({ full_name: repositoryName })
/** An app has no nickname, and an account that was closed has nothing. */
const actor = z.object({ nickname: personName, display_name: personName }).partial().nullish()

const side = z.object({
  type: z.string().max(100),
  name: z.string().min(1).max(1_000),
  target: z.object({ hash: commitHash }),
})

const push = z.object({
  actor,
  repository,
  push: z.object({
    /** A push of several refs has one for each. */
    changes: z
      .array(z.object({ new: side.nullable(), old: side.nullable(), forced: z.boolean().nullish() }))
      .min(1)
      .max(1_000),
  }),
})

const pullRequest = z.object({
  actor,
  repository,
  pullrequest: z.object({
    id: z.int().positive(),
    source: z.object({
      branch: z.object({ name: branchName }),
      /** Twelve digits: matching finds the whole hash at the branch. */
      commit: z.object({ hash: z.string().regex(/^[0-9a-f]{12,64}$/, 'is no commit hash') }),
      /** Null where the fork has been deleted since. */
      repository: repository.nullish(),
    }),
    destination: z.object({ branch: z.object({ name: branchName }) }),
  }),
})

const cloudActions: Readonly<Record<string, string>> = {
  'pullrequest:created': 'opened',
  'pullrequest:updated': 'synchronize',
}

const translateBitbucket = (delivery: Delivery): Translation => {
  const event = delivery.header('x-event-key')
  if (event === '') return invalid('the X-Event-Key header is missing')
  if (event === 'diagnostics:ping') return { kind: 'pong', repository: undefined }
  if (event === 'repo:refs_changed' || event.startsWith('pr:')) return translateDataCenter(event, delivery)
  if (event === 'repo:push') return translatePush(delivery)
  const action = Object.hasOwn(cloudActions, event) ? cloudActions[event] : undefined
  if (action !== undefined) return translatePullRequest(action, delivery)
  return {
    kind: 'ignored',
    repository: z.object({ repository }).safeParse(delivery.body).data?.repository.full_name,
    reason: 'Winnow acts on pushes, tags and pull requests that bring other code only',
  }
}

const refOf = ({ type, name }: z.infer<typeof side>): string | undefined => {
  const prefix = type === 'branch' ? 'refs/heads/' : type === 'tag' ? 'refs/tags/' : undefined
  return prefix === undefined || !branchName.safeParse(name).success ? undefined : `${prefix}${name}`
}

const authorOf = (who: z.infer<typeof actor>): string => who?.nickname ?? who?.display_name ?? 'unknown'

const translatePush = (delivery: Delivery): Translation => {
  const read = push.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const happenings: Happening[] = []
  for (const [index, change] of read.data.push.changes.entries()) {
    const named = change.new ?? change.old
    const ref = named === null ? undefined : refOf(named)
    const hash = named?.target.hash
    if (ref === undefined || hash === undefined) return invalid(`push.changes.${index}: names no branch and no tag`)
    const zeros = '0'.repeat(hash.length)
    happenings.push({
      cause: {
        kind: 'push',
        ref,
        before: change.old?.target.hash ?? zeros,
        commit: change.new?.target.hash ?? zeros,
        deleted: change.new === null,
        ...(typeof change.forced === 'boolean' ? { forced: change.forced } : {}),
      },
      author: authorOf(read.data.actor),
      dedupeKey: `bitbucket:${delivery.bodyDigest}:${index}`,
    })
  }
  return { kind: 'happened', repository: read.data.repository.full_name, happenings }
}

const translatePullRequest = (action: string, delivery: Delivery): Translation => {
  const read = pullRequest.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const { actor, repository, pullrequest } = read.data
  const { source, destination } = pullrequest
  return happened(repository.full_name, {
    cause: {
      kind: 'pullRequest',
      number: pullrequest.id,
      action,
      ref: source.branch.name,
      commit: source.commit.hash,
      baseRef: destination.branch.name,
      fork: isFork(source.repository?.full_name, repository.full_name),
    },
    author: authorOf(actor),
    dedupeKey: `bitbucket:${delivery.bodyDigest}`,
  })
}

export const bitbucket: Sender = {
  path: 'bitbucket',
  signatureHeader: 'X-Hub-Signature',
  authenticator: hmacAuthenticator(['x-hub-signature']),
  translate: translateBitbucket,
}
