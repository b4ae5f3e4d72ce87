import { z } from 'zod'
import type { ChangeCause } from '../domain/change.ts'

/** A repository that the config names, as far as webhooks care. */
export interface WebhookRepository {
  /** Winnow's name for it; changes carry it. The hook of a plain git server uses it too. */
  readonly name: string
  readonly host: 'github' | 'git'
  /** GitHub's `owner/name`; `name` where it is not given. GitHub does not tell cases apart, so neither does Winnow. */
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
  | { readonly kind: 'ignored'; readonly repository: string | undefined; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'happened'; readonly repository: string; readonly happenings: readonly Happening[] }

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

/** The first faults of a body that has the wrong shape, in one line. */
export const describeIssues = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`)
    .join('; ')
