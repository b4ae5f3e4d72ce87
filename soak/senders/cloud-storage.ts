import { dataSender, type ForgedWay, type Said, type Way } from '../data-sender.ts'
import { openGoogleTokens } from '../google-tokens.ts'
import type { ObjectEvent } from '../object-events.ts'

const bucket = 'acme-wheat'
const audience = 'https://winnow.example/webhooks'
const email = 'pusher@acme-beans.iam.gserviceaccount.com'

const description = ({ name, generation, size }: ObjectEvent, of = bucket): object => ({
  kind: 'storage#object',
  id: `${of}/${name}/${generation}`,
  name,
  bucket: of,
  generation,
  metageneration: '1',
  contentType: 'text/csv',
  size: String(size),
  crc32c: 'AAAAAA==',
})

const pubsubTypes = { written: 'OBJECT_FINALIZE', deleted: 'OBJECT_DELETE', nothing: 'OBJECT_METADATA_UPDATE' } as const
const eventarcTypes = {
  written: 'google.cloud.storage.object.v1.finalized',
  deleted: 'google.cloud.storage.object.v1.deleted',
  nothing: 'google.cloud.storage.object.v1.metadataUpdated',
} as const

/** A bucket's notification in the envelope of a push subscription. */
const pushed = (event: ObjectEvent, id: string, of = bucket): Buffer =>
  Buffer.from(
    JSON.stringify({
      message: {
        attributes: {
          bucketId: of,
          objectId: event.name,
          objectGeneration: event.generation,
          eventType: pubsubTypes[event.kind],
          payloadFormat: 'JSON_API_V1',
        },
        data: Buffer.from(JSON.stringify(description(event, of))).toString('base64'),
        messageId: id,
      },
      subscription: 'projects/acme/subscriptions/wheat',
    }),
  )

const bearer = (token: string): Said['headers'] => ({ authorization: `Bearer ${token}` })

/** Cloud Storage: each object is told by a push subscription of Pub/Sub or by Eventarc, and its copies by both. */
export const cloudStorage = dataSender('Cloud Storage', 2, async () => {
  const google = await openGoogleTokens({ aud: audience, email })
  const pubsub: Way = {
    name: 'Pub/Sub push',
    path: 'pubsub',
    say: (event, id, at) => ({ headers: bearer(google.token(at)), body: pushed(event, id) }),
  }
  const eventarc: Way = {
    name: 'Eventarc',
    path: 'eventarc',
    say: (event, id, at) => ({
      headers: {
        ...bearer(google.token(at)),
        'ce-specversion': '1.0',
        'ce-id': id,
        'ce-type': eventarcTypes[event.kind],
        'ce-source': `//storage.googleapis.com/projects/_/buckets/${bucket}`,
        'ce-subject': `objects/${event.name}`,
      },
      body: Buffer.from(JSON.stringify(description(event))),
    }),
  }
  const forge = (how: string, status: number, reason: string, say: Way['say']): ForgedWay => ({
    ...pubsub,
    how,
    refusals: [status],
    reason,
    say,
  })
  const withToken = (how: string, reason: string, tokenAt: (at: number) => string): ForgedWay =>
    forge(how, 401, reason, (event, id, at) => ({ headers: bearer(tokenAt(at)), body: pushed(event, id) }))
  const hour = 3_600
  return {
    name: 'Cloud Storage',
    weight: 2,
    scheme: 'gs',
    bucket,
    repositories: ['bucket-wheat'],
    // Microseconds, which grow.
    ordered: true,
    generationOf: (_random, index, _size, newer) =>
      String((newer ? 1_800_000_000_000_000 : 1_700_000_000_000_000) + index),
    source: { kind: 'gcs', push: { audience, email } },
    secrets: {},
    google: { certsUrl: google.certsUrl },
    ways: [pubsub, eventarc],
    forged: [
      forge('no signature', 401, 'forged', (event, id) => ({ headers: {}, body: pushed(event, id) })),
      withToken('token by another key', 'forged', google.forged),
      withToken('token for another audience', 'foreignToken', (at) =>
        google.token(at, { aud: 'https://elsewhere.example' }),
      ),
      withToken('token of another account', 'foreignToken', (at) =>
        google.token(at, { email: 'somebody@example.org' }),
      ),
      withToken('token of an unverified account', 'foreignToken', (at) => google.token(at, { email_verified: false })),
      withToken('token that has expired', 'stale', (at) => {
        const now = Math.floor(at / 1_000)
        return google.token(at, { iat: now - 2 * hour, exp: now - hour })
      }),
      forge("another one's bucket", 403, 'foreignAddress', (event, id, at) => ({
        headers: bearer(google.token(at)),
        body: pushed(event, id, 'somebody-elses'),
      })),
    ],
    close: google.close,
  }
})
