import { z } from 'zod'
import { gitlabAuthenticator } from './gitlab-signature.ts'
import type { Delivery } from './route.ts'
import {
  branchName,
  commitHash,
  fullRef,
  type Happening,
  happened,
  invalid,
  isZeroHash,
  misshapen,
  personName,
  repositoryName,
  type Sender,
  type Translation,
  tagName,
} from './sender.ts'

const project = z.object({ path_with_namespace: repositoryName })

const push = z.object({
  ref: fullRef,
  before: commitHash,
  after: commitHash,
  /** Null for a deletion. Of a tag that is an object, `after` is the tag and this its commit. */
  checkout_sha: commitHash.nullish(),
  user_username: personName.nullish(),
  project,
})

const mergeRequest = z.object({
  user: z.object({ username: personName }),
  project,
  object_attributes: z.object({
    iid: z.int().positive(),
    action: z.string().min(1).max(100).nullish(),
    source_branch: branchName,
    target_branch: branchName,
    source_project_id: z.int().nullable(),
    target_project_id: z.int(),
    /** Null where the source branch has nothing that the target has not. */
    last_commit: z.object({ id: commitHash }).nullish(),
    /** The commit before, where an update brought other code. */
    oldrev: commitHash.nullish(),
  }),
  changes: z
    .object({ target_branch: z.unknown(), draft: z.object({ current: z.boolean() }).partial() })
    .partial()
    .nullish(),
})

const release = z.object({
  action: z.string().min(1).max(100),
  tag: tagName,
  commit: z.object({ id: commitHash }).nullish(),
  project,
})

const word = z.string().min(1).max(100)
/** An instance's own hooks call the kind of a push `event_name`, and that of a merge request `object_kind`. */
const kind = z.object({ object_kind: word.optional(), event_name: word.optional(), project: project.optional() })

/** What X-Gitlab-Event says of each kind; a delivery whose header says another thing was put together by somebody else. */
const labels: Readonly<Record<string, string>> = {
  push: 'Push Hook',
  tag_push: 'Tag Push Hook',
  merge_request: 'Merge Request Hook',
  release: 'Release Hook',
}
/** Of an instance's own hooks, whatever happened. */
const systemLabel = 'System Hook'

/** GitLab's words for releases → GitHub's, which winnow.yaml speaks. */
const releaseActions: Readonly<Record<string, string>> = { create: 'published', update: 'edited', delete: 'deleted' }

const translateGitlab = (delivery: Delivery): Translation => {
  const read = kind.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const object_kind = read.data.object_kind ?? read.data.event_name
  if (object_kind === undefined) return invalid('object_kind: is missing')
  const label = delivery.header('x-gitlab-event')
  const expected = Object.hasOwn(labels, object_kind) ? labels[object_kind] : undefined
  if (expected !== undefined && label !== expected && label !== systemLabel)
    return invalid(`X-Gitlab-Event is ${JSON.stringify(label)} though object_kind is ${object_kind}`)
  switch (object_kind) {
    case 'push':
    case 'tag_push':
      return translatePush(object_kind, delivery)
    case 'merge_request':
      return translateMergeRequest(delivery)
    case 'release':
      return translateRelease(delivery)
    default:
      return {
        kind: 'ignored',
        repository: read.data.project?.path_with_namespace,
        reason: 'Winnow acts on pushes, tags, merge requests and releases only',
      }
  }
}

/**
 * A body says nothing of when it was made: the same branch moved there and back and there again has the same bytes
 * twice. So the delivery's id counts too. It stays the same when GitLab tries again, and where the delivery is signed it
 * is signed as well.
 */
const dedupeKey = ({ header, bodyDigest }: Delivery): string => {
  const id = header('webhook-id') || header('idempotency-key') || header('x-gitlab-event-uuid')
  return `gitlab:${bodyDigest}${id === '' ? '' : `:${id.slice(0, 64)}`}`
}

const translatePush = (objectKind: 'push' | 'tag_push', delivery: Delivery): Translation => {
  const read = push.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const { ref, before, after, checkout_sha, user_username, project } = read.data
  if (ref.startsWith('refs/tags/') !== (objectKind === 'tag_push'))
    return invalid(`ref: is ${ref} though object_kind is ${objectKind}`)
  const deleted = isZeroHash(after)
  return happened(project.path_with_namespace, {
    cause: { kind: 'push', ref, before, commit: deleted ? after : (checkout_sha ?? after), deleted },
    author: user_username ?? 'unknown',
    dedupeKey: dedupeKey(delivery),
  })
}

const translateMergeRequest = (delivery: Delivery): Translation => {
  const read = mergeRequest.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const { user, project, object_attributes: request, changes } = read.data
  const repository = project.path_with_namespace
  const action = pullRequestAction(request, changes)
  if (action === undefined)
    return {
      kind: 'ignored',
      repository,
      reason: `a merge request that was changed by ${request.action ?? 'nothing'} brings no other code`,
    }
  if (!request.last_commit) return { kind: 'ignored', repository, reason: 'the merge request has no commit of its own' }
  const happening: Happening = {
    cause: {
      kind: 'pullRequest',
      number: request.iid,
      action,
      ref: request.source_branch,
      commit: request.last_commit.id,
      baseRef: request.target_branch,
      // A fork that is gone has no id any more, so it is no id of ours.
      fork: request.source_project_id !== request.target_project_id,
    },
    author: user.username,
    dedupeKey: dedupeKey(delivery),
  }
  return happened(repository, happening)
}

/** GitHub's word for what happened, or undefined where there is no other code to judge. */
const pullRequestAction = (
  { action, oldrev }: z.infer<typeof mergeRequest>['object_attributes'],
  changes: z.infer<typeof mergeRequest>['changes'],
): string | undefined => {
  if (action === 'open') return 'opened'
  if (action === 'reopen') return 'reopened'
  if (action !== 'update') return undefined
  if (oldrev !== undefined && oldrev !== null) return 'synchronize'
  if (changes?.target_branch !== undefined) return 'edited'
  return changes?.draft?.current === false ? 'ready_for_review' : undefined
}

const translateRelease = (delivery: Delivery): Translation => {
  const read = release.safeParse(delivery.body)
  if (!read.success) return misshapen(read.error)
  const { action, tag, commit, project } = read.data
  const said = Object.hasOwn(releaseActions, action) ? releaseActions[action] : undefined
  return happened(project.path_with_namespace, {
    cause: { kind: 'release', action: said ?? action, ref: tag, commit: commit?.id ?? null },
    author: 'unknown',
    dedupeKey: dedupeKey(delivery),
  })
}

export const gitlab: Sender = {
  path: 'gitlab',
  signatureHeader: 'webhook-signature or X-Gitlab-Token',
  authenticator: gitlabAuthenticator,
  translate: translateGitlab,
}
