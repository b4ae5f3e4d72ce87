import { isCloudStorageNotification, translateCloudStorageNotification } from './cloud-storage-notification.ts'
import { invalidNews, type NewsTranslation } from './object-news.ts'

/** A message of Pub/Sub, pushed or pulled. */
export interface PubsubMessage {
  readonly attributes: Readonly<Record<string, string>>
  readonly data: Uint8Array
}

export const translatePubsubMessage = ({ attributes, data }: PubsubMessage): NewsTranslation => {
  if (isCloudStorageNotification(attributes)) return translateCloudStorageNotification(attributes, jsonOf(data))
  return invalidNews('it is no notification of a bucket')
}

const jsonOf = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(data))
  } catch {
    return undefined
  }
}
