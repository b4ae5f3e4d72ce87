import { createHmac } from 'node:crypto'
import { dataSender, type ForgedWay, type Said, type Way } from '../data-sender.ts'
import type { ObjectEvent } from '../object-events.ts'

const bucket = 'acme-spelt'
const key = Buffer.from('thirty-two bytes of the exporter')
const minutes = 60_000

const event = ({ kind, name, generation, size }: ObjectEvent, id: string, of = bucket): Buffer =>
  Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id,
      source: '/exporter',
      type: 'org.example.object',
      data: { uri: `gs://${of}/${name}`, generation, size, deleted: kind === 'deleted' },
    }),
  )

const sign = (by: Buffer, id: string, at: number, body: Buffer): Said['headers'] => {
  const timestamp = String(Math.floor(at / 1_000))
  const signature = createHmac('sha256', by).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return {
    'content-type': 'application/cloudevents+json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}

const exporter: Way = {
  name: 'CloudEvents',
  path: 'events',
  say: (object, id, at) => {
    const body = event(object, id)
    return { headers: sign(key, id, at, body), body }
  },
}
const forge = (how: string, status: number, reason: string, say: Way['say']): ForgedWay => ({
  ...exporter,
  how,
  refusals: [status],
  reason,
  say,
})

/** Somebody's own exporter, which tells of objects by CloudEvents that it signs. It has no word for "nothing". */
export const cloudEvents = dataSender('CloudEvents', 1, async () => ({
  name: 'CloudEvents',
  weight: 1,
  scheme: 'gs',
  bucket,
  repositories: ['bucket-spelt'],
  ordered: true,
  generationOf: (_random, index, _size, newer) => String((newer ? 2_000_000 : 1_000_000) + index),
  source: { kind: 'events', secrets: [{ env: 'WINNOW_SECRET_SPELT_EXPORTER' }] },
  secrets: { WINNOW_SECRET_SPELT_EXPORTER: `whsec_${key.toString('base64')}` },
  silent: true,
  ways: [exporter],
  forged: [
    forge('wrong signature', 401, 'forged', (object, id, at) => {
      const body = event(object, id)
      return { headers: sign(Buffer.from('somebody guesses what has 32 byt'), id, at, body), body }
    }),
    forge('signed too long ago', 401, 'stale', (object, id, at) => {
      const body = event(object, id)
      return { headers: sign(key, id, at - 10 * minutes, body), body }
    }),
    forge('body tampered with', 401, 'forged', (object, id, at) => {
      const body = event(object, id)
      return { headers: sign(key, id, at, body), body: Buffer.from(`${body} `) }
    }),
    forge("another one's bucket", 403, 'foreignAddress', (object, id, at) => {
      const body = event(object, id, 'somebody-elses')
      return { headers: sign(key, id, at, body), body }
    }),
  ],
}))
