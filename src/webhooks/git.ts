import { z } from 'zod'
import type { Delivery } from './route.ts'
import { commitHash, fullRef, isZeroHash, misshapen, type Sender, type Translation } from './sender.ts'
import { hmacAuthenticator } from './signatures.ts'

/** What the hook of `winnow hook install` posts: one push, as git told it to the hook. */
const GitPush = z.object({
  /** Made once for each push and kept in the spool, so a repeated delivery has the same. Signed, as all of this is. */
  delivery: z.string().regex(/^[A-Za-z0-9-]{8,64}$/, 'is no delivery id'),
  repository: z.string().min(1).max(255),
  pusher: z.string().min(1).max(255),
  /** When the push was received, ISO 8601. */
  sentAt: z.iso.datetime(),
  refs: z
    .array(z.object({ ref: fullRef, before: commitHash, after: commitHash }))
    .min(1)
    .max(1_000),
})

/**
 * A push to a plain git server: one happening for each ref.
 *
 * There is no replay window. `sentAt` may be days old: the hook spools what Winnow did not take, and refusing it late
 * would lose a change. A replayed body does nothing however late it comes, because the ledger keeps its delivery id
 * for good and answers `duplicate`.
 */
const translateGit = ({ body }: Delivery): Translation => {
  const read = GitPush.safeParse(body)
  if (!read.success) return misshapen(read.error)
  const { delivery, repository, pusher, refs } = read.data
  return {
    kind: 'happened',
    repository,
    happenings: refs.map(({ ref, before, after }) => ({
      cause: { kind: 'push', ref, before, commit: after, deleted: isZeroHash(after) },
      author: pusher,
      dedupeKey: `git:${repository}:${delivery}:${ref}`,
    })),
  }
}

export const git: Sender = {
  path: 'git',
  signatureHeader: 'x-winnow-signature-256',
  authenticator: hmacAuthenticator(['x-winnow-signature-256']),
  translate: translateGit,
}
