import type { SigningKeys } from '../../domain/ports/signing-keys.ts'
import { readCloudEvents } from '../../events/cloud-event.ts'
import { translateGoogleEvent } from '../../events/google-event.ts'
import { invalidNews, together } from '../../events/object-news.ts'
import type { DataSender } from './data-sender.ts'
import { googleAuthenticator } from './google-token.ts'

/** Eventarc's triggers: CloudEvents of Cloud Storage and of BigQuery's audit log. */
export const eventarc = (keys: SigningKeys): DataSender => ({
  path: 'eventarc',
  signatureHeader: 'Authorization',
  speaksFor: ({ push }) => push !== undefined,
  authenticator: googleAuthenticator(keys),
  translate: (delivery) => {
    const read = readCloudEvents(delivery)
    return read.ok ? together(read.events.map(translateGoogleEvent)) : invalidNews(read.reason)
  },
})
