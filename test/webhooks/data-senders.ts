import { createHmac } from 'node:crypto'
import type { DataObject } from '../../src/domain/batch.ts'
import type { WebhookSource } from '../../src/webhooks/data/data-sender.ts'
import { audience, email, type GoogleSigner } from './google-signer.ts'
import type { Signed } from './sender-cases.ts'

type Headers = Readonly<Record<string, string>>
type Body = Readonly<Record<string, unknown>>

/** One way to tell of data as tests play it: what it says of one object, and how it signs. */
export interface DataHost {
  readonly path: 'pubsub' | 'eventarc' | 's3' | 'events'
  /** A source that it speaks for, and one of another that signs otherwise. */
  readonly source: WebhookSource
  readonly other: WebhookSource
  readonly written: Body
  readonly deleted: Body
  /** What is told then. */
  readonly object: DataObject
  /** Labels beside the body; of `deleted` its own. */
  readonly labels: Headers
  readonly deletedLabels: Headers
  /** The same of an address that the source may not speak for. */
  readonly elsewhere: { readonly body: Body; readonly labels: Headers }
  /** What says nothing of any object. */
  readonly silent: { readonly body: Body; readonly labels: Headers }
  /** Labels, or a body, of which one part says another thing than the rest. */
  readonly mislabelled: { readonly body: Body; readonly labels: Headers }
  /** Signs as the source does, or as somebody else. */
  readonly sign: (google: GoogleSigner, body: Buffer, at: number, as: Signed) => Promise<Headers>
}

const secret = 'the secret that the source signs with'
const otherSecret = 'the secret that the other one signs with'
const secretBefore = 'the secret that the source signed with before'

const gcsSource = {
  kind: 'gcs',
  addresses: ['gs://acme-beans/incoming/'],
  repositories: ['beans', 'peas'],
  secrets: [],
} as const
const google = {
  source: { ...gcsSource, name: 'harvest', push: { audience, email } },
  other: {
    ...gcsSource,
    name: 'mill',
    addresses: ['gs://acme-mill/'],
    push: { audience, email: 'miller@acme.iam.gserviceaccount.com' },
  },
  sign: async (signer: GoogleSigner, _body: Buffer, _at: number, as: Signed): Promise<Headers> => {
    const claims = as === 'other' ? { email: 'miller@acme.iam.gserviceaccount.com' } : {}
    const token = await signer.token(claims)
    return { authorization: `Bearer ${as === 'nobody' ? `${token.slice(0, -8)}AAAAAAAA` : token}` }
  },
} satisfies Partial<DataHost>

export const gcsObject = (over: Body = {}): Body => ({
  kind: 'storage#object',
  id: 'acme-beans/incoming/a b+c.csv/1699999999123456',
  bucket: 'acme-beans',
  name: 'incoming/a b+c.csv',
  generation: '1699999999123456',
  metageneration: '1',
  contentType: 'text/csv',
  timeCreated: '2023-11-14T22:13:19.123Z',
  size: '1024',
  md5Hash: 'mGlqZ1cY8hj6gpG7zRxCZw==',
  crc32c: 'yZRlqg==',
  ...over,
})
const told: DataObject = {
  uri: 'gs://acme-beans/incoming/a b+c.csv',
  generation: '1699999999123456',
  size: 1_024,
  checksum: 'crc32c:yZRlqg==',
}

export const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')

/** What Pub/Sub pushes of Cloud Storage's notification. */
export const pushed = (description: Body | undefined, attributes: Headers = {}, message: Body = {}): Body => ({
  message: {
    ...(description === undefined ? {} : { data: base64(description) }),
    attributes: {
      bucketId: 'acme-beans',
      objectId: 'incoming/a b+c.csv',
      objectGeneration: '1699999999123456',
      eventType: 'OBJECT_FINALIZE',
      payloadFormat: 'JSON_API_V1',
      notificationConfig: 'projects/_/buckets/acme-beans/notificationConfigs/1',
      eventTime: '2023-11-14T22:13:19.123456Z',
      ...attributes,
    },
    messageId: '2070443601311540',
    message_id: '2070443601311540',
    publishTime: '2023-11-14T22:13:19.5Z',
    publish_time: '2023-11-14T22:13:19.5Z',
    ...message,
  },
  subscription: 'projects/acme/subscriptions/winnow',
})

export const eventarcLabels = (type: string, over: Headers = {}): Headers => ({
  'ce-specversion': '1.0',
  'ce-id': '2070443601311540',
  'ce-type': `google.cloud.storage.object.v1.${type}`,
  'ce-source': '//storage.googleapis.com/projects/_/buckets/acme-beans',
  'ce-subject': 'objects/incoming/a b+c.csv',
  'ce-time': '2023-11-14T22:13:19.123Z',
  ...over,
})
export const structured = (type: string, data: Body = gcsObject()): Body => ({
  specversion: '1.0',
  id: '2070443601311540',
  type: `google.cloud.storage.object.v1.${type}`,
  source: '//storage.googleapis.com/projects/_/buckets/acme-beans',
  subject: `objects/${data['name']}`,
  datacontenttype: 'application/json',
  data,
})
const cloudEventLabels = { 'content-type': 'application/cloudevents+json; charset=utf-8' }

const s3Source = {
  kind: 's3',
  name: 'harvest',
  addresses: ['s3://acme-beans/incoming/'],
  repositories: ['beans', 'peas'],
  secrets: [secret, secretBefore],
} as const
/** What MinIO posts. */
export const minio = (event: string, object: Body = {}, key = 'incoming%2Fa+b%2Bc.csv'): Body => ({
  EventName: `s3:${event}`,
  Key: 'acme-beans/incoming/a b+c.csv',
  Records: [
    {
      eventVersion: '2.0',
      eventSource: 'minio:s3',
      awsRegion: '',
      eventTime: '2023-11-14T22:13:19.123Z',
      eventName: `s3:${event}`,
      userIdentity: { principalId: 'minioadmin' },
      requestParameters: { principalId: 'minioadmin', region: '', sourceIPAddress: '127.0.0.1' },
      responseElements: { 'x-amz-request-id': '16DC88295423EAF5' },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: 'Config',
        bucket: { name: 'acme-beans', ownerIdentity: { principalId: 'minioadmin' }, arn: 'arn:aws:s3:::acme-beans' },
        object: { key, sequencer: '16DC8829542BB5F3', ...object },
      },
      source: { host: '127.0.0.1', port: '', userAgent: 'MinIO' },
    },
  ],
})
const putObject = { size: 1_024, eTag: '015a2b496dfdd0416a405ea2ef825190', contentType: 'text/csv' }
const s3Told: DataObject = {
  uri: 's3://acme-beans/incoming/a b+c.csv',
  generation: '015a2b496dfdd0416a405ea2ef825190:1024',
  size: 1_024,
  checksum: 'etag:015a2b496dfdd0416a405ea2ef825190',
}
const secrets: Readonly<Record<Signed, string>> = {
  itself: secret,
  before: secretBefore,
  other: otherSecret,
  nobody: 'a guess that nobody has given to anybody',
}
const s3Host = {
  path: 's3',
  source: s3Source,
  other: { ...s3Source, name: 'mill', addresses: ['s3://acme-mill/'], secrets: [otherSecret] },
  written: minio('ObjectCreated:Put', putObject),
  deleted: minio('ObjectRemoved:Delete'),
  object: s3Told,
  labels: {},
  deletedLabels: {},
  elsewhere: { body: minio('ObjectCreated:Put', putObject, 'private%2Fa.csv'), labels: {} },
  silent: { body: minio('ObjectAccessed:Get', putObject), labels: {} },
  mislabelled: { body: { ...minio('ObjectCreated:Put', putObject), EventName: 's3:ObjectRemoved:Delete' }, labels: {} },
} as const

const eventsSource = {
  kind: 'events',
  name: 'harvest',
  addresses: ['gs://acme-beans/incoming/', 'bq://acme.beans'],
  repositories: ['beans', 'peas'],
  secrets: [secret, secretBefore],
} as const
export const cloudEvent = (data: Body): Body => ({
  specversion: '1.0',
  id: 'a-1',
  source: '/acme/harvester',
  type: 'example.acme.harvested',
  data,
})
const { uri, generation, size, checksum } = told

const s3Signed = (body: Buffer, as: Signed) => ({
  'x-winnow-signature-256': `sha256=${createHmac('sha256', secrets[as]).update(body).digest('hex')}`,
})
export const standardSignature = (key: string | Buffer, body: Buffer, at: number, id = 'msg-1'): Headers => {
  const timestamp = String(Math.floor(at / 1_000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
const eventsHost = {
  path: 'events',
  source: eventsSource,
  other: { ...eventsSource, name: 'mill', addresses: ['gs://acme-mill/'], secrets: [otherSecret] },
  object: told,
  sign: async (_signer: GoogleSigner, body: Buffer, at: number, as: Signed) => standardSignature(secrets[as], body, at),
} as const

export const dataHosts: Readonly<Record<string, DataHost>> = {
  'Pub/Sub push': {
    ...google,
    path: 'pubsub',
    object: told,
    labels: {},
    deletedLabels: {},
    written: pushed(gcsObject()),
    deleted: pushed(gcsObject(), { eventType: 'OBJECT_DELETE' }),
    elsewhere: { body: pushed(gcsObject({ name: 'private/a.csv' }), { objectId: 'private/a.csv' }), labels: {} },
    silent: { body: pushed(gcsObject(), { eventType: 'OBJECT_METADATA_UPDATE' }), labels: {} },
    mislabelled: { body: pushed(gcsObject(), { objectGeneration: '1' }), labels: {} },
  },
  'Pub/Sub push without its envelope': {
    ...google,
    path: 'pubsub',
    object: told,
    labels: unwrappedLabels('OBJECT_FINALIZE'),
    deletedLabels: unwrappedLabels('OBJECT_DELETE'),
    written: gcsObject(),
    deleted: gcsObject(),
    elsewhere: {
      body: gcsObject({ bucket: 'acme-beans-private' }),
      labels: { ...unwrappedLabels('OBJECT_FINALIZE'), bucketid: 'acme-beans-private' },
    },
    silent: { body: gcsObject(), labels: unwrappedLabels('OBJECT_METADATA_UPDATE') },
    mislabelled: { body: gcsObject(), labels: { ...unwrappedLabels('OBJECT_FINALIZE'), bucketid: 'acme-peas' } },
  },
  'Eventarc, binary': {
    ...google,
    path: 'eventarc',
    object: told,
    labels: eventarcLabels('finalized'),
    deletedLabels: eventarcLabels('deleted'),
    written: gcsObject(),
    deleted: gcsObject(),
    elsewhere: {
      body: gcsObject({ bucket: 'acme-beans-private' }),
      labels: eventarcLabels('finalized', {
        'ce-source': '//storage.googleapis.com/projects/_/buckets/acme-beans-private',
      }),
    },
    silent: { body: gcsObject(), labels: eventarcLabels('metadataUpdated') },
    mislabelled: { body: gcsObject(), labels: eventarcLabels('finalized', { 'ce-subject': 'objects/incoming/b.csv' }) },
  },
  'Eventarc, structured': {
    ...google,
    path: 'eventarc',
    object: told,
    labels: cloudEventLabels,
    deletedLabels: cloudEventLabels,
    written: structured('finalized'),
    deleted: structured('deleted'),
    elsewhere: { body: structured('finalized', gcsObject({ name: 'private/a.csv' })), labels: cloudEventLabels },
    silent: { body: structured('metadataUpdated'), labels: cloudEventLabels },
    mislabelled: { body: structured('finalized'), labels: { 'content-type': 'application/cloudevents-batch+json' } },
  },
  'S3 with a bearer token': {
    ...s3Host,
    sign: async (_signer, _body, _at, as) => ({ authorization: `Bearer ${secrets[as].replaceAll(' ', '-')}` }),
    source: { ...s3Source, secrets: [secret, secretBefore].map((one) => one.replaceAll(' ', '-')) },
    other: { ...s3Host.other, secrets: [otherSecret.replaceAll(' ', '-')] },
  },
  'S3 with a signature': { ...s3Host, sign: async (_signer, body, _at, as) => s3Signed(body, as) },
  'CloudEvents, structured': {
    ...eventsHost,
    labels: cloudEventLabels,
    deletedLabels: cloudEventLabels,
    written: cloudEvent({ uri, generation, size, checksum }),
    deleted: cloudEvent({ uri, generation, deleted: true }),
    elsewhere: { body: cloudEvent({ uri: 'gs://acme-beans/incoming', generation, size }), labels: cloudEventLabels },
    silent: { body: [] as never, labels: { 'content-type': 'application/cloudevents-batch+json' } },
    mislabelled: { body: cloudEvent({ uri, generation, size }), labels: { 'content-type': 'application/json' } },
  },
  'CloudEvents, binary': {
    ...eventsHost,
    labels: binaryLabels(),
    deletedLabels: binaryLabels(),
    written: { uri, generation, size, checksum },
    deleted: { uri, generation, deleted: true },
    elsewhere: { body: { uri: 'bq://acme.peas.harvest', generation: '1' }, labels: binaryLabels() },
    silent: { body: [] as never, labels: { 'content-type': 'application/cloudevents-batch+json' } },
    mislabelled: { body: { uri, generation, size }, labels: { ...binaryLabels(), 'content-type': 'text/csv' } },
  },
}

function unwrappedLabels(eventType: string): Headers {
  return {
    'x-goog-pubsub-subscription-name': 'projects/acme/subscriptions/winnow',
    'x-goog-pubsub-message-id': '2070443601311540',
    'x-goog-pubsub-publish-time': '2023-11-14T22:13:19.5Z',
    objectid: 'incoming/a b+c.csv',
    objectgeneration: '1699999999123456',
    eventtype: eventType,
    payloadformat: 'JSON_API_V1',
    bucketid: 'acme-beans',
  }
}

function binaryLabels(): Headers {
  return {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': 'a-1',
    'ce-source': '/acme/harvester',
    'ce-type': 'example.acme.harvested',
  }
}
