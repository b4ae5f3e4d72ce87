import type { z } from 'zod'
import type { DataObject } from '../domain/batch.ts'
import { describeShape } from './object-shape.ts'

/** What a sender of data says of one object. */
export interface ObjectNews {
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
export const newsOf = (event: ObjectNews['event'], object: DataObject): NewsTranslation => ({
  kind: 'news',
  news: [{ event, object }],
})

/** A message of the wrong shape: its first faults, in one line. */
export const misshapenNews = (error: z.ZodError): NewsTranslation => invalidNews(describeShape(error))

/** What several records of one message mean together: one that is wrong spoils all, since nobody sends it by itself again. */
export const together = (translations: readonly NewsTranslation[]): NewsTranslation => {
  const wrong = translations.findIndex(({ kind }) => kind === 'invalid')
  const first = translations[wrong]
  if (first?.kind === 'invalid')
    return translations.length === 1 ? first : invalidNews(`record ${wrong}: ${first.reason}`)
  const news = translations.flatMap((one) => (one.kind === 'news' ? one.news : []))
  return news.length > 0 ? { kind: 'news', news } : (translations[0] ?? ignoredNews('it says nothing'))
}
