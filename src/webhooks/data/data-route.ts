import { containsAddress, schemesOfKind } from '../../domain/data-address.ts'
import { dataChange } from '../../domain/data-change.ts'
import type { NewRow } from '../../domain/ports/store.ts'
import type { Time } from '../../domain/time.ts'
import type { ObjectNews } from '../../events/object-news.ts'
import { type Reading, refused, type WebhookRoute, wrongShape } from '../route.ts'
import type { DataSender, WebhookSource } from './data-sender.ts'

/**
 * The route of one way to tell of objects. An object must lie within an address of a source that the signature speaks
 * for; each repository of each such source hears of it, once.
 */
export const dataRoute = (sender: DataSender, sources: readonly WebhookSource[]): WebhookRoute<WebhookSource> => {
  const speakers = sources.filter(sender.speaksFor)
  return {
    path: sender.path,
    signatureHeader: sender.signatureHeader,
    authenticate: speakers.length === 0 ? undefined : sender.authenticator(speakers),
    read: (delivery, speaksFor, now) => {
      const translation = sender.translate(delivery)
      if (translation.kind === 'invalid') return wrongShape(translation.reason)
      if (translation.kind !== 'news') return translation
      const rows: NewRow<'change'>[] = []
      for (const news of translation.news) {
        const hearers = hearersOf(news, speaksFor)
        if (hearers.length === 0) return foreign(news, speaksFor)
        rows.push(...hearers.map((repository) => rowOf(news, repository, sender.path, now)))
      }
      return { kind: 'told', rows }
    },
  }
}

const hearersOf = ({ object }: ObjectNews, speaksFor: readonly WebhookSource[]): readonly string[] => [
  ...new Set(
    speaksFor
      .filter(
        ({ kind, addresses }) =>
          schemesOfKind[kind].some((scheme) => object.uri.startsWith(scheme)) &&
          addresses.some((address) => containsAddress(address, object.uri)),
      )
      .flatMap(({ repositories }) => repositories),
  ),
]

const rowOf = ({ event, object }: ObjectNews, repository: string, sender: string, at: Time): NewRow<'change'> =>
  dataChange({ repository, pipeline: null, sender, object, event, at })

const foreign = ({ object }: ObjectNews, speaksFor: readonly WebhookSource[]): Reading => {
  const names = speaksFor.map(({ name }) => name).join(', ')
  return refused({
    status: 403,
    code: 'forbidden',
    reason: 'foreignAddress',
    message: `${object.uri} is not within the addresses of ${names}`,
    log: 'webhook refused: of an address that its source may not speak for',
    fields: { uri: object.uri, sources: names },
  })
}
