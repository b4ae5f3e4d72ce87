import { z } from 'zod'
import type { Delivery } from './route.ts'
import {
  commitHash,
  fullRef,
  happened,
  invalid,
  isFork,
  isZeroHash,
  misshapen,
  personName,
  type Translation,
} from './sender.ts'

const repository = z.object({
  slug: z.string().min(1).max(255),
  project: z.object({ key: z.string().min(1).max(255) }),
})
const actor = z.object({ name: personName })

const refsChanged = z.object({
  eventKey: z.string(),
  actor,
  repository,
  changes: z
    .array(z.object({ ref: z.object({ id: fullRef }), fromHash: commitHash, toHash: commitHash }))
    .min(1)
    .max(1_000),
})

const pullRequest = z.object({
  eventKey: z.string(),
  actor,
  pullRequest: z.object({
    id: z.int().positive(),
    fromRef: z.object({ id: fullRef, latestCommit: commitHash, repository }),
    toRef: z.object({ id: fullRef, repository }),
  }),
  /** Of `pr:modified`, where the target moved. */
  previousTarget: z.object({ id: fullRef }).nullish(),
})

const actions: Readonly<Record<string, string>> = {
  'pr:opened': 'opened',
  'pr:reopened': 'reopened',
  'pr:from_ref_updated': 'synchronize',
}

/** `PROJECT/slug`, as the config writes it. */
const nameOf = ({ slug, project }: z.infer<typeof repository>): string => `${project.key}/${slug}`

/** A delivery of Bitbucket Data Center, whose bodies name their event too: one that says another was put together. */
export const translateDataCenter = (event: string, { body, bodyDigest }: Delivery): Translation => {
  const read = z.object({ eventKey: z.string() }).safeParse(body)
  if (!read.success) return misshapen(read.error)
  if (read.data.eventKey !== event)
    return invalid(`eventKey: is ${JSON.stringify(read.data.eventKey.slice(0, 100))} though X-Event-Key is ${event}`)
  return event === 'repo:refs_changed'
    ? translateRefs(body, `bitbucket:${bodyDigest}`)
    : translatePullRequest(event, body, `bitbucket:${bodyDigest}`)
}

const translateRefs = (body: unknown, key: string): Translation => {
  const read = refsChanged.safeParse(body)
  if (!read.success) return misshapen(read.error)
  const { actor, repository, changes } = read.data
  return {
    kind: 'happened',
    repository: nameOf(repository),
    happenings: changes.map(({ ref, fromHash, toHash }, index) => ({
      cause: { kind: 'push', ref: ref.id, before: fromHash, commit: toHash, deleted: isZeroHash(toHash) },
      author: actor.name,
      dedupeKey: `${key}:${index}`,
    })),
  }
}

const translatePullRequest = (event: string, body: unknown, key: string): Translation => {
  const read = pullRequest.safeParse(body)
  if (!read.success) return misshapen(read.error)
  const { actor, pullRequest: request, previousTarget } = read.data
  const { fromRef, toRef } = request
  const moved = event === 'pr:modified' && previousTarget?.id !== undefined && previousTarget.id !== toRef.id
  const action = moved ? 'edited' : Object.hasOwn(actions, event) ? actions[event] : undefined
  const repository = nameOf(toRef.repository)
  if (action === undefined)
    return { kind: 'ignored', repository, reason: `${event} says of no other code in a pull request` }
  return happened(repository, {
    cause: {
      kind: 'pullRequest',
      number: request.id,
      action,
      ref: fromRef.id,
      commit: fromRef.latestCommit,
      baseRef: toRef.id,
      fork: isFork(nameOf(fromRef.repository), repository),
    },
    author: actor.name,
    dedupeKey: key,
  })
}
