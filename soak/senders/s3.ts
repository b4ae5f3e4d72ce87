import { dataSender, type ForgedWay, type Way } from '../data-sender.ts'
import { hmac } from '../git-sender.ts'
import type { ObjectEvent } from '../object-events.ts'
import { hexDigits } from '../random.ts'

const bucket = 'acme-millet'
const secret = 'what-the-store-carries-for-the-millet'

const names = { written: 's3:ObjectCreated:Put', deleted: 's3:ObjectRemoved:Delete', nothing: 's3:ObjectAccessed:Get' }
const details = { written: 'Object Created', deleted: 'Object Deleted', nothing: 'Object Tags Added' }

/** What MinIO posts. */
const notification = ({ kind, name, generation, size }: ObjectEvent, of = bucket): Buffer =>
  Buffer.from(
    JSON.stringify({
      EventName: names[kind],
      Key: `${of}/${name}`,
      Records: [
        {
          eventName: names[kind],
          eventSource: 'minio:s3',
          eventTime: '2026-11-02T10:00:00.000Z',
          s3: {
            bucket: { name: of },
            object: {
              key: encodeURIComponent(name),
              size,
              eTag: 'e'.repeat(32),
              versionId: generation,
              sequencer: '17',
            },
          },
        },
      ],
    }),
  )

/** What AWS sends by way of EventBridge. */
const bridged = ({ kind, name, generation, size }: ObjectEvent, id: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      version: '0',
      id,
      'detail-type': details[kind],
      source: 'aws.s3',
      time: '2026-11-02T10:00:00Z',
      detail: {
        bucket: { name: bucket },
        object: { key: name, size, etag: 'e'.repeat(32), 'version-id': generation, sequencer: '17' },
      },
    }),
  )

const signed = (body: Buffer) => ({ headers: { 'x-winnow-signature-256': `sha256=${hmac(secret, body)}` }, body })
const bearing = (token: string, body: Buffer) => ({ headers: { authorization: `Bearer ${token}` }, body })

const minio: Way = { name: 'S3 notification', path: 's3', say: (event) => bearing(secret, notification(event)) }
const eventBridge: Way = { name: 'S3 by EventBridge', path: 's3', say: (event, id) => signed(bridged(event, id)) }
const forge = (how: string, status: number, reason: string, say: Way['say']): ForgedWay => ({
  ...minio,
  how,
  refusals: [status],
  reason,
  say,
})

/** A store that speaks S3; two repositories hear of its objects. */
export const s3 = dataSender('S3', 1.5, async () => ({
  name: 'S3',
  weight: 1.5,
  scheme: 's3',
  bucket,
  repositories: ['bucket-millet', 'bucket-sorghum'],
  // Versions of S3 have no order.
  ordered: false,
  generationOf: (random) => hexDigits(random, 32),
  source: { kind: 's3', secrets: [{ env: 'WINNOW_SECRET_MILLET_STORE' }] },
  secrets: { WINNOW_SECRET_MILLET_STORE: secret },
  ways: [minio, eventBridge],
  forged: [
    forge('no signature', 401, 'forged', (event) => ({ headers: {}, body: notification(event) })),
    forge('wrong signature', 401, 'forged', (event) => bearing('what-somebody-guesses', notification(event))),
    forge('body tampered with', 401, 'forged', (event, id) => {
      const { headers, body } = signed(bridged(event, id))
      return { headers, body: Buffer.from(`${body} `) }
    }),
    forge("another one's bucket", 403, 'foreignAddress', (event) =>
      bearing(secret, notification(event, 'somebody-elses')),
    ),
  ],
}))
