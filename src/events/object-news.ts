import type { z } from 'zod'
import type { DataObject } from '../domain/batch.ts'

/** What a sender of data says of one object. */
interface ObjectNews {
  readonly object: DataObject
  readonly event: 'written' | 'deleted'
}

/** What a message of a sender of data means. Translators are total: whatever the message is, one of these comes back. */
export type NewsTranslation =
  | { readonly kind: 'news'; readonly news: readonly ObjectNews[] }
  /** Well said, and nothing that data is made of. */
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reason: string }

export const invalidNews = (reason: string): NewsTranslation => ({ kind: 'invalid', reason })
export const ignoredNews = (reason: string): NewsTranslation => ({ kind: 'ignored', reason })

/** A message of the wrong shape: its first faults, in one line. */
export const misshapenNews = (error: z.ZodError): NewsTranslation =>
  invalidNews(
    error.issues
      .slice(0, 3)
      .map(({ path, message }) => `${path.map(String).join('.') || 'message'}: ${message}`)
      .join('; '),
  )
