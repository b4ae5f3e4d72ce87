import { parseJsonBody } from '../domain/json-body.ts'
import { isAuditEntry, translateAuditEntry } from './bigquery-audit.ts'
import { type CloudEvents, isStructured, readCloudEvents, readStructured } from './cloud-event.ts'
import { isCloudStorageNotification, translateCloudStorageNotification } from './cloud-storage-notification.ts'
import { isGoogleEvent, translateGoogleEvent } from './google-event.ts'
import { invalidNews, type NewsTranslation, together } from './object-news.ts'
import { translateWinnowEvent } from './winnow-event.ts'

/** A message of Pub/Sub, pushed or pulled. */
export interface PubsubMessage {
  readonly attributes: Readonly<Record<string, string>>
  readonly data: Uint8Array
}

export const translatePubsubMessage = ({ attributes, data }: PubsubMessage): NewsTranslation => {
  const json = data.length === 0 ? undefined : parseJsonBody(data)
  if (json?.ok === false)
    return invalidNews(json.reason === 'tooDeep' ? 'data: nests deeper than any message does' : 'data: is no JSON')
  return translateReadMessage({ attributes, body: json?.value })
}

/** A notification of a bucket, an audit entry of BigQuery that a log sink sent, or CloudEvents; `body` undefined where it has none. */
export const translateReadMessage = ({
  attributes,
  body,
}: Pick<PubsubMessage, 'attributes'> & { readonly body: unknown }): NewsTranslation => {
  if (isCloudStorageNotification(attributes)) return translateCloudStorageNotification(attributes, body)
  if (isAuditEntry(body)) return translateAuditEntry(body)
  const events = cloudEventsOf(attributes, body)
  if (events === undefined)
    return invalidNews(
      'the message is neither a notification of Cloud Storage nor an audit entry of BigQuery nor a CloudEvent',
    )
  if (!events.ok) return invalidNews(events.reason)
  return together(
    events.events.map((event) => (isGoogleEvent(event) ? translateGoogleEvent(event) : translateWinnowEvent(event))),
  )
}

const cloudEventsOf = (attributes: Readonly<Record<string, string>>, body: unknown): CloudEvents | undefined => {
  const attribute = (name: string): string => (Object.hasOwn(attributes, name) ? (attributes[name] ?? '') : '')
  const labelled = attribute('content-type').startsWith('application/cloudevents') || attribute('ce-specversion') !== ''
  if (labelled) return readCloudEvents({ header: attribute, body })
  return isStructured(body) ? readStructured(body) : undefined
}
