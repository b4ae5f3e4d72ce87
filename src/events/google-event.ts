import { translateAuditEntry } from './bigquery-audit.ts'
import type { CloudEvent } from './cloud-event.ts'
import { translateGone, translateWritten } from './cloud-storage-object.ts'
import { ignoredNews, type NewsTranslation } from './object-news.ts'

export const isGoogleEvent = ({ type }: CloudEvent): boolean => type.startsWith('google.')

/** A CloudEvent as Eventarc makes them of what happens in Google's services. */
export const translateGoogleEvent = (event: CloudEvent): NewsTranslation => {
  const { type, data } = event
  switch (type) {
    case 'google.cloud.storage.object.v1.finalized':
      return translateWritten(data, besideOf(event))
    // Of a version that became an old one, another may have taken the place: then that one is newer, and stays.
    case 'google.cloud.storage.object.v1.deleted':
    case 'google.cloud.storage.object.v1.archived':
      return translateGone(data, besideOf(event))
    case 'google.cloud.audit.log.v1.written':
      return translateAuditEntry(data)
    default:
      return ignoredNews(`${type.slice(0, 100)} brings no other data`)
  }
}

/** What source and subject say of the object. */
const besideOf = ({ source, subject }: CloudEvent): { bucket?: string; name?: string } => {
  const [, bucket] = /^\/\/storage\.googleapis\.com\/projects\/[^/]+\/buckets\/([^/]+)$/.exec(source) ?? []
  const [, name] = /^objects\/(.+)$/s.exec(subject) ?? []
  return { ...(bucket === undefined ? {} : { bucket }), ...(name === undefined ? {} : { name }) }
}
