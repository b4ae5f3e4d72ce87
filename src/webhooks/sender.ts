import { z } from 'zod'
import type { ChangeCause } from '../domain/change.ts'
import type { Authenticate, Delivery } from './route.ts'

/** Where repositories live. Forgejo speaks as Gitea does; `git` is a server with the hook of `winnow hook install`. */
export type HostKind = 'git' | 'github' | 'gitlab' | 'gitea' | 'forgejo' | 'bitbucket'

/** A repository that the config names, as far as webhooks care. */
export interface WebhookRepository {
  /** Winnow's name for it; changes carry it. The hook of a plain git server uses it too. */
  readonly name: string
  readonly host: HostKind
  /** The host's `owner/name`; `name` where it is not given. Hosts do not tell cases apart, so neither does Winnow. */
  readonly fullName?: string
  /** One, or two while a secret is being rotated. Repositories may share them (an organisation's webhook does). */
  readonly secrets: readonly string[]
}

/** One thing that happened, said by a sender. */
export interface Happening {
  readonly cause: ChangeCause
  readonly author: string
  /** The same happening has the same key, however often it is delivered. */
  readonly dedupeKey: string
}

/** What a signed body means. Senders' translators are total: whatever the body is, one of these comes back. */
export type Translation =
  | { readonly kind: 'pong'; readonly repository: string | undefined }
  | {
      readonly kind: 'ignored'
      readonly repository: string | undefined
      readonly reason: string
      /** Repositories of which this sender will tell no more; `owner/` for all of an owner's. */
      readonly withdraws?: readonly string[]
    }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'happened'; readonly repository: string; readonly happenings: readonly Happening[] }

/** One kind of host: how it signs, and what its bodies mean. Neither does I/O. */
export interface Sender {
  /** The last part of its route, `/webhooks/<path>`. */
  readonly path: HostKind
  /** The header that names the signature, for messages. */
  readonly signatureHeader: string
  /** Faults: config_invalid for repositories that cannot be told from others, or have no secret. */
  readonly authenticator: (repositories: readonly WebhookRepository[]) => Authenticate<WebhookRepository>
  readonly translate: (delivery: Delivery) => Translation
}

/** A full hash, SHA-1 or SHA-256. */
export const commitHash = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'is no full commit hash')

/** A full ref as git's check-ref-format allows it, so that it may be handed to git as it is. */
export const fullRef = z
  .string()
  .max(1_000)
  .refine((ref) => isFullRef(ref), 'is no full ref')

// biome-ignore lint/suspicious/noControlCharactersInRegex: git refuses them in names, so a sender that has one lies.
const forbiddenInRefs = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[/.]$/

const isFullRef = (ref: string): boolean => /^refs\/[^/]+\/./.test(ref) && !forbiddenInRefs.test(ref)

export const isZeroHash = (hash: string): boolean => /^0+$/.test(hash)

/** A branch's or tag's short name → its full ref, checked. */
export const branchName = z
  .string()
  .transform((name) => `refs/heads/${name}`)
  .pipe(fullRef)
export const tagName = z
  .string()
  .transform((name) => `refs/tags/${name}`)
  .pipe(fullRef)

export const personName = z.string().min(1).max(255)
export const repositoryName = z.string().min(1).max(1_000)

/** One thing that happened in a repository. */
export const happened = (repository: string, happening: Happening): Translation => ({
  kind: 'happened',
  repository,
  happenings: [happening],
})

/** Whether a pull request comes from elsewhere: hosts tell no cases apart, and a repository that is gone is none of ours. */
export const isFork = (from: string | undefined, to: string): boolean => from?.toLowerCase() !== to.toLowerCase()

export const invalid = (reason: string): Translation => ({ kind: 'invalid', reason })

/** A body of the wrong shape. */
export const misshapen = (error: z.ZodError): Translation => invalid(describeIssues(error))

/** The first faults of a body that has the wrong shape, in one line. */
const describeIssues = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`)
    .join('; ')
