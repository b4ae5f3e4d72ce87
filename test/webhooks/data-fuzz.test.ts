import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSigningKeys } from '../../src/adapters/google/signing-keys.ts'
import { digestBytes } from '../../src/domain/digest.ts'
import { parseJsonBody } from '../../src/domain/json-body.ts'
import type { DataSender } from '../../src/webhooks/data/data-sender.ts'
import { eventarc } from '../../src/webhooks/data/eventarc.ts'
import { events } from '../../src/webhooks/data/events.ts'
import { pubsub } from '../../src/webhooks/data/pubsub.ts'
import { s3 } from '../../src/webhooks/data/s3.ts'
import { base64, cloudEvent, type DataHost, dataHosts, eventarcLabels, pushed, structured } from './data-senders.ts'
import { createGoogleSigner, type GoogleSigner } from './google-signer.ts'
import { mutated } from './mutations.ts'
import { now } from './recording-server.ts'

type Headers = Readonly<Record<string, string>>
const headerOf =
  (headers: Headers) =>
  (name: string): string =>
    headers[name] ?? ''
const noKeys = () => Promise.reject(new Error('nothing is to be verified'))

const auditEntry = {
  timestamp: '2026-11-27T02:07:51.123456Z',
  protoPayload: {
    serviceName: 'bigquery.googleapis.com',
    resourceName: 'projects/acme/datasets/beans/tables/harvest',
    metadata: { tableDataChange: { insertedRowsCount: '1' } },
  },
}
const eventBridge = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  time: '2026-11-27T02:07:51Z',
  detail: { bucket: { name: 'acme-beans' }, object: { key: 'incoming/a.csv', size: 1, etag: 'abc', sequencer: '1' } },
}
const objectNews = { uri: 'gs://acme-beans/incoming/a.csv', generation: '1', size: 1 }
const auditLabels = eventarcLabels('', {
  'ce-type': 'google.cloud.audit.log.v1.written',
  'ce-source': '//x',
  'ce-subject': 'y',
})
const labelsOf = (path: string) =>
  Object.values(dataHosts)
    .filter((host) => host.path === path)
    .flatMap(({ labels, deletedLabels, silent, mislabelled }) => [
      labels,
      deletedLabels,
      silent.labels,
      mislabelled.labels,
    ])

const more: Readonly<Record<string, readonly unknown[]>> = {
  pubsub: [
    auditEntry,
    pushed(auditEntry, { bucketId: '', eventType: '' }),
    { message: { data: base64(structured('finalized')) }, subscription: 's' },
    { message: { data: base64(cloudEvent(objectNews)), attributes: {} }, subscription: 's' },
    { message: { data: base64(objectNews), attributes: eventarcLabels('finalized') }, subscription: 's' },
  ],
  eventarc: [auditEntry, { ...structured('finalized'), type: 'google.cloud.audit.log.v1.written', data: auditEntry }],
  s3: [
    eventBridge,
    { ...eventBridge, 'detail-type': 'Object Tags Added' },
    { Event: 's3:TestEvent', Bucket: 'acme-beans' },
  ],
  events: [[], [cloudEvent(objectNews), cloudEvent({ ...objectNews, deleted: true })]],
}

/** What every later step may rely on, whatever was sent: a URI that stays where it says, and text that a store can keep. */
const soundUri = /^(?:(?:gs|s3):\/\/[a-z0-9][\w.-]{1,220}[a-z0-9]\/.+|bq:\/\/[\w.:-]+\.\w+\.[^./]+)$/su
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for.
const unsound = /[\u0000-\u001f\u007f]/

describe.each(
  [pubsub(noKeys), eventarc(noKeys), s3, events].map((sender): [string, DataSender] => [sender.path, sender]),
)('what %s might say', (path, sender) => {
  it('has a meaning or none, is never thrown at, and never leads anybody astray', () => {
    const bodies = [
      ...Object.values(dataHosts)
        .filter((host) => host.path === path)
        .flatMap(({ written, deleted }) => [written, deleted]),
      ...(more[path] ?? []),
    ]
    const labels = [...labelsOf(path), ...(path === 'eventarc' ? [auditLabels] : [])]
    const header = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...labels) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(
            fc.constantFrom(...labels),
            fc.constantFrom(...labels.flatMap(Object.keys), 'ce-type'),
            fc.string({ unit: 'binary' }),
          )
          .map(([some, name, value]) => ({ ...some, [name]: value })),
      },
    )
    const body = fc.oneof({ weight: 9, arbitrary: mutated(bodies) }, { weight: 1, arbitrary: fc.jsonValue() })
    const seen = new Set<string>()
    fc.assert(
      fc.property(body, header, (value, headers) => {
        const bytes = Buffer.from(JSON.stringify(value) ?? 'null')
        const json = parseJsonBody(bytes)
        if (!json.ok) return
        const told = sender.translate({ header: headerOf(headers), body: json.value, bodyDigest: digestBytes(bytes) })
        seen.add(told.kind)
        if (told.kind === 'invalid' || told.kind === 'ignored') {
          expect(told.reason).not.toBe('')
          expect(told.reason.length).toBeLessThan(2_500)
        }
        if (told.kind !== 'news') return
        expect(told.news.length).toBeGreaterThan(0)
        for (const { event, object } of told.news) {
          expect(['written', 'deleted']).toContain(event)
          expect(object.uri).toMatch(soundUri)
          expect(object.uri.split('/')).not.toContain('..')
          for (const text of [object.uri, object.generation, object.checksum ?? 'x']) {
            expect(text).not.toMatch(unsound)
            expect(text.isWellFormed() && text.length > 0 && text.length < 1_300).toBe(true)
          }
          for (const count of [object.size, object.rows ?? 0])
            expect(Number.isSafeInteger(count) && count >= 0).toBe(true)
        }
      }),
      { numRuns: 600 },
    )
    // A check of news that nothing ever reached would prove nothing.
    expect([...seen]).toEqual(expect.arrayContaining(['news', 'ignored', 'invalid']))
  })
})

describe.each(Object.entries(dataHosts))('the signature of %s', (_name, host: DataHost) => {
  let google: GoogleSigner
  beforeAll(async () => {
    google = await createGoogleSigner()
  })
  afterAll(() => google.close())
  const body = Buffer.from(JSON.stringify(host.written))
  const authenticatorOf = () => {
    const keys = createSigningKeys({ url: google.url, now: () => now })
    const sender = [pubsub(keys), eventarc(keys), s3, events].find(({ path }) => path === host.path) as DataSender
    return sender.authenticator([host.source])
  }

  it('is refused with any other letter in it, and whatever else is sent as one', async () => {
    const authenticate = authenticatorOf()
    const good = await host.sign(google, body, now, 'itself')
    expect(await authenticate(headerOf(good), body, now)).toEqual({ ok: true, speaksFor: [host.source] })
    const names = Object.keys(good)
    const other = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.constantFrom('Bearer ', 'sha256=', 'v1,', 'Bearer a.b.c', 'null', '[object Object]'),
      fc
        .tuple(fc.constantFrom(...names), fc.nat(), fc.string({ minLength: 1, maxLength: 1 }))
        .map(([name, at, letter]) => {
          const text = good[name] as string
          return text.slice(0, at % text.length) + letter + text.slice((at % text.length) + 1)
        }),
    )
    await fc.assert(
      fc.asyncProperty(fc.record(Object.fromEntries(names.map((name) => [name, other]))), async (sent: Headers) => {
        if (!(await authenticate(headerOf(sent), body, now)).ok) return
        // By chance it is the same after all: another scheme's letters, or one that base64 does not tell apart.
        // From the beginning of the last part on: its last letter has bits that say nothing.
        const essence = (text: string): string =>
          Buffer.from(/[\w+/=-]*$/.exec(text)?.[0] ?? '', 'base64').toString('base64')
        expect(names.some((name) => essence(sent[name] as string) === essence(good[name] as string))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('holds for its own bytes, and, where it covers them, for no other', async () => {
    const authenticate = authenticatorOf()
    const good = await host.sign(google, body, now, 'itself')
    const coversBody = !('authorization' in good)
    const change = fc.record({ at: fc.nat(body.length - 1), bits: fc.integer({ min: 1, max: 255 }), cut: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(change, async ({ at, bits, cut }) => {
        const other = Buffer.from(cut ? body.subarray(0, at) : body)
        if (!cut) other[at] = (other[at] as number) ^ bits
        expect((await authenticate(headerOf(good), other, now)).ok).toBe(!coversBody)
      }),
      { numRuns: coversBody ? 200 : 5 },
    )
  })
})
